"""Tries the text formats on the files of public repositories, of which none is kept.

    python tests/reference/take_public_files.py FOLDER...

Each folder is a copy of a repository. For every .cfg, .prototxt and model .yaml in it the outcome
is noted: `exact` where the figure equals a published one (below), `read`, or `refused` with the
first message. What is written, public_files.json, holds names and figures alone.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.load import is_foreign, load

OUT = Path(__file__).with_name("public_files.json")

# operations as darknet prints them (10^9, two a multiply-accumulate), from its pages on ImageNet
# and YOLO; for its own files, others have them at other sizes
BFLOPS = {
    "alexnet.cfg": 2.27, "darknet19.cfg": 7.29, "darknet19_448.cfg": 22.33, "darknet53.cfg": 18.57,
    "darknet53_448.cfg": 56.87, "vgg-16.cfg": 30.94, "extraction.cfg": 8.52, "resnet18.cfg": 4.69,
    "resnet34.cfg": 9.52, "resnet50.cfg": 9.74, "resnet101.cfg": 19.70, "resnet152.cfg": 29.39,
    "resnext50.cfg": 10.11, "resnext152-32x4d.cfg": 28.20, "densenet201.cfg": 10.85,
    "yolov2.cfg": 62.94, "yolov2-tiny.cfg": 5.41, "yolov3.cfg": 140.69, "yolov3-spp.cfg": 141.45,
    "yolov3-tiny.cfg": 5.56,
}  # fmt: skip

# values in darknet's files of weights: their size without the header, in fours
STORED = {
    "yolov3.cfg": 62_001_757, "yolov3-tiny.cfg": 8_858_734, "yolov4.cfg": 64_429_405,
    "yolov4-tiny.cfg": 6_062_814,
}  # fmt: skip

# parameters: of torchvision's and timm's networks of the same design, of papers, of logs
PARAMETERS = {
    "bvlc_alexnet_deploy.prototxt": 60_965_224, "caffenet_deploy.prototxt": 60_965_224,
    "bvlc_googlenet_deploy.prototxt": 6_998_552, "SqueezeNet_v1.0_deploy.prototxt": 1_248_424,
    "SqueezeNet_v1.1_deploy.prototxt": 1_235_496, "ResNet-50-deploy.prototxt": 25_557_096,
    "ResNet-101-deploy.prototxt": 44_549_160, "ResNet-152-deploy.prototxt": 60_192_808,
    "mobilenet_deploy.prototxt": 4_231_976, "lenet.prototxt": 431_080,
    "deploy_resnet18-priv.prototxt": 11_689_512, "deploy_resnet101.prototxt": 44_549_160,
    "deploy_resnet152.prototxt": 60_192_808, "deploy_resnext50-32x4d.prototxt": 25_028_904,
    "deploy_resnext101-64x4d.prototxt": 83_455_272, "deploy_wrn50-2.prototxt": 68_883_240,
    "deploy_densenet121.prototxt": 7_978_856, "deploy_densenet201.prototxt": 20_013_928,
    "deploy_dpn92.prototxt": 37_668_392, "deploy_dpn98.prototxt": 61_570_728,
    "deploy_dpn131.prototxt": 79_254_504, "deploy_inception-v3.prototxt": 23_834_568,
    "deploy_inception-v4.prototxt": 42_679_816, "deploy_xception.prototxt": 22_855_952,
    "deploy_inception-resnet-v2.prototxt": 55_843_464, "deploy_vgg16-pytorch.prototxt": 138_357_544,
    "deploy_vgg19-pytorch.prototxt": 143_667_240, "deploy_vgg16bn-pytorch.prototxt": 138_365_992,
    "yolov5n.yaml": 1_872_157, "yolov5s.yaml": 7_235_389, "yolov5m.yaml": 21_190_557,
    "yolov5l.yaml": 46_563_709, "yolov5x.yaml": 86_749_405, "yolov5s-seg.yaml": 7_621_277,
    "cfg_training_yolov7.yaml": 37_622_682, "cfg_training_yolov7x.yaml": 71_347_394,
}  # fmt: skip


def tried(path: Path, name: str, folder: str) -> list[Any]:
    """Outcome, parameters and multiply-accumulates of a file, or the first message."""
    try:
        graph = load(str(path)).graph()
    except SpecError as error:
        finding = error.diagnostics[0]
        line = finding.place.line if finding.place is not None else None
        return ["refused", finding.message[:90], line]
    except UsageError as error:
        return ["needs --input" if "--input" in (error.hint or "") else "refused",
                str(error).replace(str(path), name)[:90], None]  # fmt: skip
    params = sum(node.params for node in graph.nodes)
    stored = params + sum(node.facts.buffer_values for node in graph.nodes)
    macs = sum(node.facts.operations.macs for node in graph.nodes)
    outcome = "read"
    for known, own in (
        (BFLOPS.get(name) if folder == "darknet" else None, round(2 * macs / 1e9, 2)),
        (STORED.get(name), stored),
        (next((n for key, n in PARAMETERS.items() if name.endswith(key)), None), params),
    ):
        if known is not None:
            close = abs(own - known) <= (0.011 if isinstance(known, float) else 0)
            outcome = "exact" if close and outcome != "differs" else "differs"
    return [outcome, params, macs]


def files(folder: Path) -> list[Path]:
    """The model files of a folder."""
    found = [one for one in folder.rglob("*") if one.suffix in (".cfg", ".prototxt", ".yaml")]
    return sorted(one for one in found if one.is_file() and is_foreign(str(one)))


def main() -> None:
    """Write what became of every file."""
    rows: dict[str, list[Any]] = {}
    counts: dict[str, Counter[str]] = {}
    for folder in map(Path, sys.argv[1:]):
        for path in files(folder):
            if "solver" in path.name:
                continue
            name = str(path.relative_to(folder)).replace("/", "_")
            outcome = tried(path, name, folder.name)
            rows[f"{folder.name}/{name}"] = outcome
            counts.setdefault(path.suffix, Counter())[outcome[0]] += 1
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items())
    summary = json.dumps({key: dict(one) for key, one in counts.items()}, indent=1)
    OUT.write_text(f'{{"summary": {summary},\n"files": {{\n{lines}\n}}}}\n')
    print(summary)


if __name__ == "__main__":
    main()
