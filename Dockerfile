# The whole service in one container:
#
#     docker build -t talkreel . && docker run --init -p 127.0.0.1:8000:8000 -v talkreel:/data talkreel
#
# One process of it, as compose.yaml does: give a line of the Procfile as the command.

FROM python:3.13-slim AS build
WORKDIR /talkreel
RUN python -m venv .venv
COPY requirements.txt ./
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . ./
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --editable . \
 && PIP_NO_CACHE_DIR=1 .venv/bin/talkreel setup \
 && .venv/bin/python -m compileall -q app worker

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home talkreel \
 && install --directory --owner=talkreel --mode=0700 /data
COPY --from=build /talkreel /talkreel
WORKDIR /talkreel
ENV PATH=/talkreel/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    PUBLIC_URL=http://localhost:8000 \
    DATA_DIR=/data
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health\", timeout=2)"]
STOPSIGNAL SIGTERM
CMD ["talkreel", "up"]
