# Two stages: the first installs the locked versions and builds the project, the second only runs them.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/randebu
COPY requirements.txt requirements-build.txt ./
RUN /opt/randebu/bin/pip install --require-hashes -r requirements.txt \
    && python -m pip install --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY adapters adapters
COPY storage storage
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/randebu/bin/pip install --no-deps /wheels/*.whl

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin randebu \
    && install --directory --owner randebu --group randebu --mode 700 /data
COPY --from=build /opt/randebu /opt/randebu
ENV PATH=/opt/randebu/bin:$PATH DATA_DIR=/data PYTHONUNBUFFERED=1
USER 10001
WORKDIR /home/randebu
# Compiled here, into the user's cache, so that no start has to wait for it.
RUN randebu prepare
VOLUME /data
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["randebu", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["randebu"]
CMD ["run"]
