"""The text of a plans file as what is needed of a configuration to build its network."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.diagnostics import Place, Refusal, SpecError, UsageError, nearest
from cnncalc.language.text.source import MappingNode, ScalarNode, Source

STAGE_LIMIT = 20
BLOCK_LIMIT = 100
LARGEST = 100_000

ORDER = ("3d_fullres", "2d", "3d_lowres", "3d_cascade_fullres")
"""Which configuration is taken where none is named."""


class Plan(NamedTuple):
    """A configuration."""

    name: str
    residual: bool
    features: tuple[int, ...]
    kernels: tuple[tuple[int, ...], ...]
    strides: tuple[tuple[int, ...], ...]
    encoder: tuple[int, ...]
    """Convolutions, or residual blocks, of each stage."""
    decoder: tuple[int, ...]
    patch: tuple[int, ...]
    batch: int
    normalization: str
    bias: bool
    last_bias: bool
    """Whether the last convolutions and the transposed ones have a bias: not in version 1."""
    channels: int
    classes: int


class Plans:
    """A plans file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        try:
            found = json.loads(source.text)
        except RecursionError:
            raise source.error("limit-exceeded", "nested too deeply", 1, 1) from None
        except ValueError as error:
            line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
            message = getattr(error, "msg", str(error))
            raise source.error("yaml-syntax", f"no JSON: {message}", line, column) from None
        if not isinstance(found, dict):
            raise source.error("bad-value", "a plans file is a mapping", 1, 1)
        self.data: dict[str, Any] = found
        self.first = "plans_per_stage" in found
        """Whether it is of version 1."""

    @property
    def configurations(self) -> dict[str, Any]:
        """The configurations by name."""
        if self.first:
            stages = self.data.get("plans_per_stage")
            listed = list(stages.values()) if isinstance(stages, dict) else list(stages or ())
            names = {0: "3d_fullres"} if len(listed) == 1 else {0: "3d_lowres", 1: "3d_fullres"}
            if all(len(_list(one, "patch_size")) == 2 for one in listed):
                names = {0: "2d"}
            return {names.get(n, f"stage{n}"): one for n, one in enumerate(listed)}
        found = self.data.get("configurations")
        return found if isinstance(found, dict) else {}

    def place(self, *path: str) -> Place:
        """Where a key of the file is written; where it is not, the nearest that is."""
        node = None if self.first and path[:1] == ("configurations",) else self.source.compose()
        found = Place(self.source.label, 1, 1, 1, 2)
        for word in path:
            pairs = node.value if isinstance(node, MappingNode) else ()
            for key, value in pairs:
                if isinstance(key, ScalarNode) and key.value == word:
                    found, node = self.source.place(key), value
                    break
            else:
                break
        return found

    def error(self, message: str, *path: str, rule: str = "bad-value") -> SpecError:
        """What is wrong with a value."""
        return SpecError([self.source.finding(Refusal(rule, message), self.place(*path))])

    def choose(self, name: str | None) -> str:
        """The configuration of a name; without one the first of the usual order.

        Raises:
            UsageError: there is none of that name.
            SpecError: there is none at all.
        """
        known = self.configurations
        if not known:
            raise self.error("the plans have no configurations", rule="missing-option")
        if name is None:
            return next((one for one in ORDER if one in known), next(iter(known)))
        if name not in known:
            close = nearest(name, known)
            raise UsageError(
                f"{self.source.label} has no configuration `{name[:60]}`",
                f"did you mean `{close}`?" if close else f"it has {', '.join(known)}",
            )
        return name

    def resolved(self, name: str, depth: int = 0) -> dict[str, Any]:
        """A configuration with what it inherits."""
        own = self.configurations.get(name)
        if not isinstance(own, dict) or depth > 10:
            raise self.error(f"`{name}` is no configuration", "configurations", name)
        parent = own.get("inherits_from")
        if parent is None:
            return own
        return {**self.resolved(str(parent), depth + 1), **own}

    def plan(self, name: str, changes: Mapping[str, Any]) -> Plan:
        """What is needed to build a configuration's network.

        Raises:
            SpecError: it is not stated, or no network.
        """
        own = self.resolved(name)
        path = ("configurations", name)
        patch = self.wholes(own.get("patch_size"), "patch_size", path)
        batch = own.get("batch_size")
        classes = self._count(changes, "classes", self._classes())
        channels = self._count(changes, "channels", self._channels())
        if own.get("previous_stage") or own.get("previous_stage_name"):
            channels += classes - 1  # the segmentation of the stage before, a map a class
        common = {
            "name": name,
            "patch": tuple(patch),
            "batch": batch if type(batch) is int and 0 < batch < LARGEST else 1,
            "channels": channels,
            "classes": classes,
        }
        architecture = own.get("architecture")
        if isinstance(architecture, dict):
            return self._newer(architecture, common, (*path, "architecture"))
        return self._older(own, common, path)

    def _newer(self, architecture: dict[str, Any], common: dict[str, Any], path: Any) -> Plan:
        """A configuration that states its architecture (since version 2.4)."""
        title = str(architecture.get("network_class_name"))
        word = title.rpartition(".")[2]
        if word not in ("PlainConvUNet", "ResidualEncoderUNet"):
            raise self.error(
                f"`{word[:60]}` is not read: PlainConvUNet and ResidualEncoderUNet are",
                *path, "network_class_name", rule="unknown-layer",
            )  # fmt: skip
        args = architecture.get("arch_kwargs")
        if not isinstance(args, dict):
            raise self.error("`arch_kwargs` is not there", *path, rule="missing-option")
        path = (*path, "arch_kwargs")
        features = self.wholes(args.get("features_per_stage"), "features_per_stage", path)
        count, rank = len(features), len(common["patch"])
        residual = word == "ResidualEncoderUNet"
        key = "n_blocks_per_stage" if residual else "n_conv_per_stage"
        norm = str(args.get("norm_op"))
        kind = "batch" if "batchnorm" in norm.lower() else "instance"
        if norm != "None" and "instance" not in norm.lower() and kind == "instance":
            raise self.error(f"`{norm[:60]}` is no normalization that is read", *path, "norm_op")
        return Plan(
            residual=residual,
            features=tuple(features),
            kernels=self.sizes(args, "kernel_sizes", count, rank, path),
            strides=self.sizes(args, "strides", count, rank, path),
            encoder=self.counts(args, key, count, path),
            decoder=self.counts(args, "n_conv_per_stage_decoder", count - 1, path),
            normalization="none" if norm == "None" else kind,
            bias=bool(args.get("conv_bias", False)),
            last_bias=True,
            **common,
        )

    def _older(self, own: dict[str, Any], common: dict[str, Any], path: Any) -> Plan:
        """A configuration that states kernels and pools; the rest is nnU-Net's rule."""
        title = str(own.get("UNet_class_name", "PlainConvUNet"))
        if title not in ("PlainConvUNet", "ResidualEncoderUNet"):
            raise self.error(f"`{title[:60]}` is not read", *path, rule="unknown-layer")
        rank = len(common["patch"])
        kernels = self.sizes(own, "conv_kernel_sizes", None, rank, path)
        count = len(kernels)
        pools = self.sizes(own, "pool_op_kernel_sizes", None, rank, path)
        strides = pools if len(pools) == count else ((1,) * rank, *pools)
        if len(strides) != count:
            raise self.error(f"{len(pools)} pools go with {count} kernels no way", *path)
        first = (
            self.data.get("base_num_features")
            if self.first
            else own.get("UNet_base_num_features", 32)
        )
        most = own.get("unet_max_num_features", 480 if self.first and rank == 2 else 320)
        if type(first) is not int or type(most) is not int or not 0 < first < LARGEST:
            raise self.error("the number of features is not stated", *path, rule="missing-option")
        features = tuple([min(first * 2**stage, most) for stage in range(count)])
        each = self.data.get("conv_per_stage", 2) if self.first else 2
        return Plan(
            residual=title == "ResidualEncoderUNet",
            features=features,
            kernels=kernels,
            strides=strides,
            encoder=self.counts(own, "n_conv_per_stage_encoder", count, path, each),
            decoder=self.counts(own, "n_conv_per_stage_decoder", count - 1, path, each),
            normalization="instance",
            bias=True,
            last_bias=not self.first,
            **common,
        )

    # -- values -----------------------------------------------------------------------------

    def wholes(self, value: Any, key: str, path: Any) -> list[int]:
        """A list of whole numbers from 1 on."""
        if (
            not isinstance(value, list)
            or not 1 <= len(value) <= STAGE_LIMIT
            or not all(type(one) is int and 0 < one < LARGEST for one in value)
        ):
            what = "is not stated" if value is None else "must list whole numbers from 1 on"
            raise self.error(f"`{key}` {what}", *path, key)
        return value

    def sizes(
        self, data: dict[str, Any], key: str, count: int | None, rank: int, path: Any
    ) -> tuple[tuple[int, ...], ...]:
        """A size for each axis, for each stage."""
        value = data.get(key)
        if not isinstance(value, list) or not 1 <= len(value) <= STAGE_LIMIT:
            raise self.error(f"`{key}` must have a size for each stage", *path, key)
        found = []
        for one in value:
            axes = [one] * rank if type(one) is int else one
            sizes = self.wholes(axes, key, path)
            if len(sizes) != rank:
                raise self.error(f"`{key}` has {len(sizes)} axes, the patch {rank}", *path, key)
            found.append(tuple(sizes))
        if count is not None and len(found) != count:
            message = f"`{key}` has {len(found)} stages, `features_per_stage` {count}"
            raise self.error(message, *path, key)
        return tuple(found)

    def counts(
        self, data: dict[str, Any], key: str, count: int, path: Any, default: int | None = None
    ) -> tuple[int, ...]:
        """How many blocks each stage has."""
        value = data.get(key, default)
        found = [value] * count if type(value) is int else value
        if count == 0:
            return ()
        numbers = self.wholes(found, key, path)
        if len(numbers) != count or max(numbers) > BLOCK_LIMIT:
            raise self.error(f"`{key}` must have {count} numbers, not {len(numbers)}", *path, key)
        return tuple(numbers)

    # -- what the data set says -------------------------------------------------------------

    def _count(self, changes: Mapping[str, Any], key: str, own: int) -> int:
        found = changes.get(key, own)
        if not isinstance(found, int) or not 0 < found < LARGEST:
            raise UsageError(f"`{key}` is a whole number from 1 on, not {str(found)[:40]}")
        return found

    def _dataset(self) -> dict[str, Any]:
        """The `dataset.json` beside the plans."""
        if self.source.path is None:
            return {}
        path = os.path.join(os.path.dirname(self.source.path), "dataset.json")
        try:
            with open(path, "rb") as file:
                found = json.loads(file.read(4 * 1024 * 1024))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _classes(self) -> int:
        """The maps of the output: classes with the background, or regions."""
        own = self.data.get("num_classes")
        if self.first and isinstance(own, int):
            return own + 1
        dataset = self._dataset()
        regions, labels = dataset.get("regions_class_order"), dataset.get("labels")
        if isinstance(regions, list) and regions:
            return len(regions)
        if isinstance(labels, dict):
            return max(len(labels.keys() - {"ignore"}), 1)
        return 2

    def _channels(self) -> int:
        """The maps of the image."""
        own = self.data.get("num_modalities")
        if isinstance(own, int):
            return int(own)
        dataset = self._dataset()
        keys = ("channel_names", "modality")
        for found in (
            *[dataset.get(key) for key in keys],
            self.data.get("foreground_intensity_properties_per_channel"),
            self.data.get("foreground_intensity_properties_by_modality"),
        ):
            if isinstance(found, dict) and found:
                return len(found)
        return 1


def _list(data: Any, key: str) -> list[Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []
