"""On the path of the rehearsed office's processes alone: Python imports `sitecustomize` from here when it starts."""
