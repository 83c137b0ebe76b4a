# The image of every part of the panel; docker-compose.yml says what each one runs.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# Volumes take over the owner of the directory they are mounted on.
RUN useradd --system --uid 10001 --create-home app \
    && mkdir /data /books \
    && chown app: /data /books

WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN MODE=production DATA_DIR=/tmp/build python manage.py collectstatic --noinput \
    && rm -r /tmp/build

USER app
EXPOSE 8000
