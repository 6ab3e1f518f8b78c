"""One thread for matrix products: small ones wait for a second thread longer than they take."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
