# The example shop for docker-compose.yml: Django under gunicorn. Not for production; it is there to send statements.

FROM python:3.11-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /opt/shop
COPY examples/shop/requirements.txt .
RUN pip install --no-cache-dir --requirement requirements.txt
COPY examples/shop .
RUN useradd --uid 10002 --no-create-home --shell /usr/sbin/nologin shop
USER 10002
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config", "gunicorn.conf.py", "shop.wsgi"]
