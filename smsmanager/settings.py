"""The settings, read top to bottom.

Every variable of the environment is read once, here, through a typed reader that refuses
nonsense. Development needs none. MODE=production changes what is refused (see checks.py),
never how the code flows. Nothing else in the project reads the environment.
"""

import logging
import ssl
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from smsmanager import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def _choice(name: str, choices: tuple[str, ...]) -> str:
    value = str(env.str(name, default=choices[0]))
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}: choose one of {', '.join(choices)}")
    return value


def _seconds_range(name: str, default: str) -> tuple[float, float]:
    """Read "1-4" as the shortest and the longest delay, in seconds."""
    raw = str(env.str(name, default=default))
    try:
        low, _dash, high = raw.partition("-")
        delays = float(low), float(high or low)
    except ValueError as exc:
        raise ImproperlyConfigured(f"{name}={raw!r}: write seconds as 0 or 1-4") from exc
    if not 0 <= delays[0] <= delays[1]:
        raise ImproperlyConfigured(f"{name}={raw!r}: the first must not exceed the second")
    return delays


def _positive(name: str, default: float) -> float:
    """Read a number of seconds greater than zero."""
    value = float(env.float(name, default=default))
    if not 0 < value <= 120:
        raise ImproperlyConfigured(f"{name}={value!r}: more than 0 and up to 120 seconds")
    return value


# --- Mode ------------------------------------------------------------------------------------
MODE = _choice("MODE", ("demo", "production"))
DEMO = MODE == "demo"
DEBUG = env.bool("DEBUG", default=False)
# The demo's secret is public on purpose; a system check refuses it in production.
DEMO_SECRET_KEY = "demo-only-secret-that-protects-nothing-but-this-machine-0123456789"  # noqa: S105 (public)
SECRET_KEY = env.str("SECRET_KEY", default=DEMO_SECRET_KEY)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data")))
DATA_DIR.mkdir(parents=True, exist_ok=True)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PORT = env.int("PORT", default=8000)
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{PORT}")

# --- Applications ----------------------------------------------------------------------------
INSTALLED_APPS = [
    "smsmanager.apps.RoofConfig",
    "accounts",
    "senders",
    "messaging",
    "replies",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "bootstrap",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "smsmanager.correlation.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "smsmanager.wellformed.WellFormedAddressMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.language.UserLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "smsmanager.urls"
WSGI_APPLICATION = "smsmanager.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "smsmanager.context.panel",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database --------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'panel.sqlite3'}")
_database: dict[str, Any] = {"OPTIONS": {}, **env.db_url_config(DATABASE_URL)}
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
        "PRAGMA journal_size_limit=27103364;",
    }
    # A file: threads of one in-memory test database lock each other's tables.
    _database["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    # Nobody waits for ever: for a lock as long as on SQLite; a statement a minute (0 is no limit,
    # for migrations and reports); a transaction that idles holds locks and is ended. No
    # transaction waits for a network, so none idles for long.
    _database["OPTIONS"] |= {
        "connect_timeout": 5,
        "options": "-c lock_timeout=20s -c idle_in_transaction_session_timeout=60s "
        f"-c statement_timeout={env.int('STATEMENT_TIMEOUT', default=60)}s",
    }
    _database["CONN_MAX_AGE"] = 60
    _database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}

# --- Broker, workers, cache ------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED = not REDIS_URL
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"polling_interval": 0.05}
    if EMBEDDED
    else {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        # Redis that hangs is taken for one that is away: a page waits for a ring twice at most.
        "socket_timeout": 3.0,
        "socket_connect_timeout": 3.0,
    }
)
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.0}
CELERY_BROKER_TRANSPORT = "" if EMBEDDED else "smsmanager.broker:Transport"
CELERY_BROKER_USE_SSL = (
    {"ssl_cert_reqs": ssl.CERT_REQUIRED} if REDIS_URL.startswith("rediss:") else False
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A broker that is away for a night is waited for.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_DEFAULT_QUEUE = "default"
# With memory:// the consumer sleeps whenever its window is full: 8 is six times as fast as 1.
CELERY_WORKER_PREFETCH_MULTIPLIER = 8 if EMBEDDED else 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
# smsmanager.celery keeps connections to the database for as long as the settings above say; Celery
# itself ends one only after so many tasks.
CELERY_DB_REUSE_MAX = 1_000
CELERY_TIMEZONE = "Europe/Paris"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep": {
        "task": "messaging.tasks.sweep",
        "schedule": 1.0,
        "options": {"expires": 1.0, "queue": "sweeps"},
    },
    "apply-receipts": {
        "task": "messaging.tasks.apply_receipts",
        "schedule": 2.0,
        "options": {"expires": 2.0, "queue": "receipts"},
    },
    "apply-replies": {
        "task": "replies.tasks.apply_replies",
        "schedule": 2.0,
        "options": {"expires": 2.0, "queue": "receipts"},
    },
    "open-replies": {
        "task": "replies.tasks.open_replies",
        "schedule": 5.0,
        "options": {"expires": 5.0, "queue": "receipts"},
    },
    "tidy": {
        "task": "messaging.tasks.tidy",
        "schedule": 600.0,
        "options": {"expires": 600.0, "queue": "default"},
    },
    "finish-batches": {
        "task": "messaging.tasks.finish_batches",
        "schedule": 10.0,
        "options": {"expires": 10.0, "queue": "default"},
    },
    "refresh-pool": {
        "task": "messaging.tasks.refresh_pool",
        "schedule": 60.0,
        "options": {"expires": 60.0, "queue": "default"},
    },
    "upkeep": {
        "task": "senders.tasks.upkeep",
        "schedule": 60.0,
        "options": {"expires": 60.0, "queue": "default"},
    },
    "erase-documents": {
        "task": "senders.tasks.erase_documents",
        "schedule": 600.0,
        "options": {"expires": 600.0, "queue": "default"},
    },
    "tell-losses": {
        "task": "messaging.tasks.tell_losses",
        "schedule": 60.0,
        "options": {"expires": 60.0, "queue": "default"},
    },
    "send-notices": {
        "task": "senders.tasks.send_notices",
        "schedule": 10.0,
        "options": {"expires": 10.0, "queue": "callbacks"},
    },
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if EMBEDDED
    else {"BACKEND": "smsmanager.cache.Cache", "LOCATION": REDIS_URL},
    # What each process may know for itself, Redis or not.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "process"},
}

# --- Carrier ---------------------------------------------------------------------------------
CARRIER_URL = env.str("CARRIER_URL", default="")
DEMO_CARRIER_SECRET = "ZGVtby1vbmx5LXNlY3JldC1vZi10aGUtc2ltdWxhdGVkLWNhcnJpZXI="  # noqa: S105 (public)
# Production hands over to the simulated carrier only if told so, and says so on every page.
ALLOW_SIMULATED_CARRIER = env.bool("ALLOW_SIMULATED_CARRIER", default=False)
CARRIER_TOKEN = env.str("CARRIER_TOKEN", default=DEMO_CARRIER_SECRET)
CARRIER_DOOR_SECRET = env.str("CARRIER_DOOR_SECRET", default=DEMO_CARRIER_SECRET)
# The time limit of one call. A hand-over whose worker died is taken up after three times as long.
CARRIER_SECONDS = _positive("CARRIER_SECONDS", 20.0)
CARRIER_BOOKS = Path(env.str("CARRIER_BOOKS", default=str(DATA_DIR / "carrier.sqlite3")))
CARRIER_DELAYS = _seconds_range("CARRIER_DELAYS", "1-4")
CARRIER_SEED = env.int("CARRIER_SEED", default=1)
STOP_NUMBER = env.str("STOP_NUMBER", default="36111")

# --- People ----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="SMS manager <no-reply@localhost>")
EMAIL_FILE_PATH = DATA_DIR / "mail"
# Seconds for each step of a conversation with the mail server.
EMAIL_TIMEOUT = 10
if env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"

# --- Language and time -----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("it", _("Italian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "Europe/Paris"

# --- Pages and files -------------------------------------------------------------------------
DOCUMENTS_DIR = Path(env.str("DOCUMENTS_DIR", default=str(DATA_DIR / "documents")))
# Supporting documents are erased so many days after the decision.
DOCUMENT_DAYS = _positive("DOCUMENT_DAYS", 90.0)
STATIC_URL = "static/"
# The demo serves the files where they lie; a folder that is not there would be warned about.
STATIC_ROOT = None if DEMO else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Supporting documents: outside of every served folder, for the platform's user alone.
    "documents": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": DOCUMENTS_DIR,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEMO
# A campaign's recipients may be typed: 100,000 numbers of 14 characters and some room.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "senders.uploads.CutOffHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Security --------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: [] for feature in ("camera", "geolocation", "microphone", "payment", "usb")
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEMO
SECURE_SSL_REDIRECT = not DEMO
SECURE_HSTS_SECONDS = 0 if DEMO else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEMO
SECURE_REDIRECT_EXEMPT = [r"^carrier/", r"^healthz$", r"^readyz$"]
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The demo's two servers listen on one host name: a cookie named by port keeps them apart.
SESSION_COOKIE_NAME = "sessionid" if not DEMO else f"sessionid_{PORT}"
CSRF_COOKIE_NAME = "csrftoken" if not DEMO else f"csrftoken_{PORT}"

# --- Logs ------------------------------------------------------------------------------------
LOG_LEVEL = _choice("LOG_LEVEL", logs.LEVELS)
LOGGING_CONFIG = "smsmanager.logs.configure"
LOGGING = logs.configuration(level=LOG_LEVEL, as_json=not DEMO)
# The start of each task is told at this level.
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
