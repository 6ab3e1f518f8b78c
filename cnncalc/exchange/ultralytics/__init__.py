"""Ultralytics' model files: YOLO, version 3 to 12 and 26, and RT-DETR's backbones."""
