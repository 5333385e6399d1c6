# Darkroom in a container; the same image with a GPU and without (torch's wheel brings CUDA along).
#
#   docker build --tag darkroom .
#   docker run --rm --publish 7860:7860 --volume darkroom-models:/models --volume darkroom-outputs:/app/outputs darkroom
#
# The first volume keeps downloads, the second one pictures: the gallery, comparisons, benchmarks. Nothing else is
# written but in /tmp: compose.yaml runs it with a root that is read-only.
# With an NVIDIA GPU (the host needs its driver and the NVIDIA Container Toolkit, nothing more):
#
#   docker run --rm --gpus all …
#
# For a gated model add --env HF_TOKEN; for an image without CUDA, gigabytes smaller, build with
#   --build-arg TORCH_INDEX=… with the index that pytorch.org's installation page gives for the CPU
# Any command follows the image's name: docker run --rm darkroom doctor --config config.yaml

FROM python:3.12-slim

ARG TORCH_INDEX

RUN useradd --create-home --uid 1000 darkroom \
    && mkdir -p /app/outputs /models && chown darkroom:darkroom /app /app/outputs /models
USER darkroom
WORKDIR /app

ENV PATH=/home/darkroom/.local/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HF_HOME=/models \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860

# Requirements first: a change of the code alone does not install them again. torch before the rest, so that its
# own index decides which build it is.
COPY --chown=darkroom:darkroom requirements.txt ./
RUN grep '^torch>' requirements.txt > /tmp/torch.txt \
    && pip install --user --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
        --requirement /tmp/torch.txt \
    && pip install --user --no-cache-dir --prefer-binary --requirement requirements.txt
COPY --chown=darkroom:darkroom . .

VOLUME /models
VOLUME /app/outputs
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]

ENTRYPOINT ["python", "app.py"]
CMD ["serve"]
