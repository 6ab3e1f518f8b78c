"""The writer of Keras 3: an outline as functions of layers, channels last."""
