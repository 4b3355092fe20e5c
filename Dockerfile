# The core, on a CPU, without torch:          docker build -t mtmc .
# With an extra, here to open checkpoints:    docker build -t mtmc --build-arg EXTRAS=reid .
FROM python:3.12-slim AS build
COPY . /src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist /src

FROM python:3.12-slim
ARG EXTRAS=""
COPY --from=build /dist /dist
# No screen here: opencv-python would ask for libGL.
RUN wheel="$(echo /dist/*.whl)" \
    && pip install --no-cache-dir "${wheel}${EXTRAS:+[${EXTRAS}]}" \
    && pip uninstall --yes opencv-python \
    && pip install --no-cache-dir opencv-python-headless==5.* \
    && useradd --create-home --uid 1000 mtmc \
    && install --directory --owner mtmc /data
# Videos, results and fetched weights are in one volume.
ENV XDG_CACHE_HOME=/data/.cache
USER 1000
WORKDIR /data
VOLUME /data
ENTRYPOINT ["mtmc"]
CMD ["--help"]
