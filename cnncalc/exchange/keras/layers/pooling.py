"""Pools."""

from __future__ import annotations

from cnncalc.exchange.keras.layers.registry import LayerCall, layer, listed, padded
from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.reading.shaping import reduced


@layer("MaxPooling1D", "MaxPooling2D", "MaxPooling3D")
def max_pool(call: LayerCall, x: Op) -> Op:
    """Max pooling."""
    return _pool(call, x, "max_pool")


@layer("AveragePooling1D", "AveragePooling2D", "AveragePooling3D")
def avg_pool(call: LayerCall, x: Op) -> Op:
    """Average pooling, which leaves out what `same` padding adds."""
    return _pool(call, x, "avg_pool")


def _pool(call: LayerCall, x: Op, kind: str) -> Op:
    config, rank = call.config, len(x.shape) - 2
    kernel = listed(config.get("pool_size", 2), rank)
    stride = config.get("strides")
    stride = kernel if stride is None else listed(stride, rank)
    padding = config.get("padding", "valid")
    options = {
        "kernel": kernel,
        "stride": stride,
        "padding": padded(padding, kernel, stride, (1,) * rank),
    }
    if kind == "avg_pool" and padding != "valid":
        options["count_include_pad"] = False
    return call.layer(kind, x, options)


def _global(by: str) -> object:
    def function(call: LayerCall, x: Op) -> Op:
        channel = call.channel(x)
        axes = [a for a in range(1 + call.timed, len(x.shape)) if a != channel]
        keep = bool(call.config.get("keepdims", False))
        options = {"by": by, "axes": axes, "keepdims": keep}
        return call.emit("reduce", [x], options, reduced(x.shape, axes, keep))

    return function


for _rank in (1, 2, 3):
    layer(f"GlobalAveragePooling{_rank}D")(_global("mean"))  # type: ignore[type-var]
    layer(f"GlobalMaxPooling{_rank}D")(_global("max"))  # type: ignore[type-var]


def _adaptive(kind: str) -> object:
    def function(call: LayerCall, x: Op) -> Op:
        return call.layer(kind, x, {"size": listed(call.config["output_size"], len(x.shape) - 2)})

    return function


for _rank in (1, 2, 3):
    layer(f"AdaptiveAveragePooling{_rank}D")(_adaptive("adaptive_avg_pool"))  # type: ignore[type-var]
    layer(f"AdaptiveMaxPooling{_rank}D")(_adaptive("adaptive_max_pool"))  # type: ignore[type-var]
