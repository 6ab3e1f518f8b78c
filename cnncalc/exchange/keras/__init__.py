"""Networks in Keras 3, read as JSON: no Keras, and none of the model's code."""
