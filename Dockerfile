# Written to be read and adapted: this file has not been run where the project's checks run.
FROM python:3.11-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends libegl1 libgl1 libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home chatsite \
    && install --directory --owner chatsite /data

WORKDIR /app
# "team,training" adds torch, for training in the container.
ARG EXTRAS=team
COPY pyproject.toml README.md ./
RUN pip install --no-cache-dir --editable ".[${EXTRAS}]"
COPY . .

USER chatsite
ENV CHATSITE_DATA_DIR=/data CHATSITE_BIND=0.0.0.0
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "serve"]
