"""Caffe's prototxt: deploy and train_val files, of both layer syntaxes."""
