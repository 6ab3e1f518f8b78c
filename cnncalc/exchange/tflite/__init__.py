"""Reading and writing TensorFlow Lite files."""
