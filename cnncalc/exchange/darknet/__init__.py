"""darknet's .cfg: YOLO, version 1 to 4, and the classifiers of that framework."""
