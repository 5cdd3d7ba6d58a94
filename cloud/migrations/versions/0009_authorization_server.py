"""Products, sites and people; what clients prove themselves with; what people allowed.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import RowNumber, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AUDITED = (("user_id", 80), ("token_use", 20), ("address", 45), ("trace_id", 32), ("note", 80))
_REFUSED = (("audit_entries", "update"), ("audit_entries", "delete"), ("audit_heads", "delete"))
"""What the audit's tables refuse; a head moves on, so it may be updated."""


def upgrade() -> None:
    """Make the tables, then widen those that are there."""
    _make_identity()
    _make_grants()
    _make_credentials()
    _widen_applications()
    op.add_column(
        "signing_keys",
        sa.Column("algorithm", sa.String(length=20), nullable=False, server_default="RS256"),
    )
    op.add_column("signing_keys", sa.Column("retiring_at", UtcDateTime(), nullable=True))
    for name, length in _AUDITED:
        op.add_column("audit_entries", sa.Column(name, sa.String(length=length), nullable=True))
    op.add_column(
        "audit_heads", sa.Column("seal", sa.String(length=64), nullable=False, server_default="")
    )
    _guard_audit()


def _guard_audit() -> None:
    """Let the database itself refuse to change or remove what the audit says.

    SQLite forgets triggers with a table that is made anew: a later revision makes them again.
    """
    if op.get_bind().dialect.name == "sqlite":
        for table, act in _REFUSED:
            op.execute(
                f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
    )
    for table, act in (*_REFUSED, ("audit_entries", "truncate"), ("audit_heads", "truncate")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )


def _release_audit() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table, act in _REFUSED:
            op.execute(f"DROP TRIGGER {table}_no_{act}")
        return
    op.execute("DROP FUNCTION refuse_audit_change() CASCADE")


def _make_identity() -> None:
    op.create_table(
        "products",
        sa.Column("product_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_products_tenant_id")
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_products")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_products_tenant_id_name")),
    )
    op.create_index(op.f("ix_products_tenant_id"), "products", ["tenant_id"], unique=False)
    op.create_table(
        "sites",
        sa.Column("site_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_sites_tenant_id")
        ),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_sites")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_sites_tenant_id_name")),
    )
    op.create_index(op.f("ix_sites_tenant_id"), "sites", ["tenant_id"], unique=False)
    op.create_table(
        "trusted_issuers",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("issuer", sa.String(length=2000), nullable=False),
        sa.Column("audience", sa.String(length=255), nullable=False),
        sa.Column("jwks", sa.JSON(), nullable=True),
        sa.Column("jwks_uri", sa.String(length=2000), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_trusted_issuers_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_trusted_issuers")),
        sa.UniqueConstraint(
            "tenant_id", "issuer", name=op.f("uq_trusted_issuers_tenant_id_issuer")
        ),
    )
    op.create_index(
        op.f("ix_trusted_issuers_tenant_id"), "trusted_issuers", ["tenant_id"], unique=False
    )
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("given_name", sa.String(length=120), nullable=False),
        sa.Column("family_name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("sealed_claims", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("last_login_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_users_tenant_id")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_users_tenant_id_email")),
    )
    op.create_index(op.f("ix_users_changed_at"), "users", ["changed_at"], unique=False)
    op.create_index(op.f("ix_users_tenant_id"), "users", ["tenant_id"], unique=False)
    op.create_table(
        "external_identities",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("issuer", sa.String(length=2000), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_external_identities_tenant_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_external_identities_user_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_external_identities")),
        sa.UniqueConstraint(
            "tenant_id",
            "issuer",
            "subject",
            name=op.f("uq_external_identities_tenant_id_issuer_subject"),
        ),
    )
    op.create_index(
        op.f("ix_external_identities_tenant_id"), "external_identities", ["tenant_id"], unique=False
    )
    op.create_index(
        op.f("ix_external_identities_user_id"), "external_identities", ["user_id"], unique=False
    )
    op.create_table(
        "memberships",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_memberships_tenant_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_memberships_user_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "user_id", "tenant_id", "role", name=op.f("uq_memberships_user_id_tenant_id_role")
        ),
    )
    op.create_index(op.f("ix_memberships_tenant_id"), "memberships", ["tenant_id"], unique=False)


def _make_grants() -> None:
    op.create_table(
        "revoked_tokens",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("token_id", sa.String(length=80), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_revoked_tokens")),
        sa.UniqueConstraint("token_id", name=op.f("uq_revoked_tokens_token_id")),
    )
    op.create_index(
        op.f("ix_revoked_tokens_revoked_at"), "revoked_tokens", ["revoked_at"], unique=False
    )
    op.create_table(
        "registered_scopes",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("service", sa.String(length=120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_registered_scopes_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_registered_scopes")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_registered_scopes_tenant_id_name")),
    )
    op.create_index(
        op.f("ix_registered_scopes_tenant_id"), "registered_scopes", ["tenant_id"], unique=False
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.String(length=80), nullable=False),
        sa.Column("cookie_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("user_epoch", sa.Integer(), nullable=False),
        sa.Column("authenticated_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_sessions_tenant_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("cookie_hash", name=op.f("uq_sessions_cookie_hash")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_tenant_id"), "sessions", ["tenant_id"], unique=False)
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_consents_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_consents_tenant_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_consents_user_id")),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consents")),
        sa.UniqueConstraint("user_id", "client_id", name=op.f("uq_consents_user_id_client_id")),
    )
    op.create_index(op.f("ix_consents_client_id"), "consents", ["client_id"], unique=False)
    op.create_index(op.f("ix_consents_changed_at"), "consents", ["changed_at"], unique=False)
    op.create_index(op.f("ix_consents_tenant_id"), "consents", ["tenant_id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("grant_id", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("session_id", sa.String(length=80), nullable=True),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("nonce", sa.String(length=500), nullable=False),
        sa.Column("bound_to", sa.String(length=64), nullable=False),
        sa.Column("authenticated_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_for", sa.String(length=40), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_grants_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.session_id"], name=op.f("fk_grants_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_grants_tenant_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_grants_user_id")),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_grants")),
    )
    op.create_index(op.f("ix_grants_client_id"), "grants", ["client_id"], unique=False)
    op.create_index(op.f("ix_grants_revoked_at"), "grants", ["revoked_at"], unique=False)
    op.create_index(op.f("ix_grants_tenant_id"), "grants", ["tenant_id"], unique=False)
    op.create_index(op.f("ix_grants_user_id"), "grants", ["user_id"], unique=False)
    op.create_table(
        "pushed_requests",
        sa.Column("uri_hash", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("dpop_thumbprint", sa.String(length=64), nullable=False),
        sa.Column("shown_to", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_pushed_requests_client_id")
        ),
        sa.PrimaryKeyConstraint("uri_hash", name=op.f("pk_pushed_requests")),
    )
    op.create_index(
        op.f("ix_pushed_requests_client_id"), "pushed_requests", ["client_id"], unique=False
    )
    op.create_index(
        op.f("ix_pushed_requests_expires_at"), "pushed_requests", ["expires_at"], unique=False
    )
    op.create_table(
        "service_tokens",
        sa.Column("token_id", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("use", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_service_tokens_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_service_tokens_tenant_id")
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_service_tokens")),
    )
    op.create_index(
        op.f("ix_service_tokens_client_id"), "service_tokens", ["client_id"], unique=False
    )
    op.create_index(
        op.f("ix_service_tokens_tenant_id"), "service_tokens", ["tenant_id"], unique=False
    )
    op.create_table(
        "authorization_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("redirect_uri", sa.String(length=2000), nullable=False),
        sa.Column("code_challenge", sa.String(length=128), nullable=False),
        sa.Column("dpop_thumbprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_authorization_codes_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.grant_id"], name=op.f("fk_authorization_codes_grant_id")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_authorization_codes")),
    )
    op.create_index(
        op.f("ix_authorization_codes_expires_at"),
        "authorization_codes",
        ["expires_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_authorization_codes_grant_id"), "authorization_codes", ["grant_id"], unique=False
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("rotated_at", UtcDateTime(), nullable=True),
        sa.Column("successors", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.grant_id"], name=op.f("fk_refresh_tokens_grant_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(
        op.f("ix_refresh_tokens_expires_at"), "refresh_tokens", ["expires_at"], unique=False
    )
    op.create_index(
        op.f("ix_refresh_tokens_grant_id"), "refresh_tokens", ["grant_id"], unique=False
    )


def _make_credentials() -> None:
    op.create_table(
        "used_proofs",
        sa.Column("proof_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("proof_hash", name=op.f("pk_used_proofs")),
    )
    op.create_index(op.f("ix_used_proofs_expires_at"), "used_proofs", ["expires_at"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_api_keys_client_id")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_index(op.f("ix_api_keys_client_id"), "api_keys", ["client_id"], unique=False)
    op.create_table(
        "client_certificates",
        sa.Column("certificate_id", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("thumbprint", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("not_after", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_client_certificates_client_id")
        ),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_client_certificates")),
        sa.UniqueConstraint(
            "client_id", "thumbprint", name=op.f("uq_client_certificates_client_id_thumbprint")
        ),
    )
    op.create_index(
        op.f("ix_client_certificates_client_id"), "client_certificates", ["client_id"], unique=False
    )
    op.create_table(
        "client_secrets",
        sa.Column("secret_id", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("secret_hash", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_client_secrets_client_id")
        ),
        sa.PrimaryKeyConstraint("secret_id", name=op.f("pk_client_secrets")),
    )
    op.create_index(
        op.f("ix_client_secrets_client_id"), "client_secrets", ["client_id"], unique=False
    )
    op.execute(
        "INSERT INTO client_secrets (secret_id, client_id, secret_hash, last_four, created_at,"
        " expires_at) SELECT 'sec_' || row_id, client_id, secret_hash, '', created_at, expires_at"
        " FROM application_secrets"
    )
    op.drop_table("application_secrets")


def _widen_applications() -> None:
    """What was there before came in by the platform's door, with a secret."""
    # By hand: alembic would make SQLite's whole table anew for one reference.
    op.execute(
        "ALTER TABLE applications ADD COLUMN product_id VARCHAR(80)"
        " CONSTRAINT fk_applications_product_id REFERENCES products (product_id)"
    )
    for column in (
        sa.Column("profiles", sa.JSON(), nullable=False, server_default='["platform"]'),
        sa.Column(
            "auth_methods",
            sa.JSON(),
            nullable=False,
            server_default='["client_secret_basic", "client_secret_post"]',
        ),
        sa.Column("post_logout_redirect_uris", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("jwks", sa.JSON(), nullable=True),
        sa.Column("jwks_uri", sa.String(length=2000), nullable=True),
        sa.Column(
            "id_token_algorithm", sa.String(length=20), nullable=False, server_default="RS256"
        ),
        sa.Column("is_internal", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column(
            "changed_at", UtcDateTime(), nullable=False, server_default="2026-01-01 00:00:00"
        ),
    ):
        op.add_column("applications", column)
    op.execute("UPDATE applications SET changed_at = created_at")
    op.execute(
        "UPDATE applications SET auth_methods ="
        ' \'["client_secret_basic", "client_secret_post", "tls_client_auth"]\''
        " WHERE kind = 'gateway'"
    )
    op.create_index(
        op.f("ix_applications_changed_at"), "applications", ["changed_at"], unique=False
    )


def downgrade() -> None:
    """Take it all away again; rotating secrets keep their hashes."""
    op.create_table(
        "application_secrets",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("secret_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_application_secrets_client_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_application_secrets")),
    )
    op.create_index(
        op.f("ix_application_secrets_client_id"), "application_secrets", ["client_id"], unique=False
    )
    op.execute(
        "INSERT INTO application_secrets (client_id, secret_hash, created_at, expires_at)"
        " SELECT client_id, secret_hash, created_at, expires_at FROM client_secrets"
    )
    op.drop_table("client_secrets")
    _release_audit()
    op.drop_column("audit_heads", "seal")
    for name, _ in _AUDITED:
        op.drop_column("audit_entries", name)
    for column in ("retiring_at", "algorithm"):
        op.drop_column("signing_keys", column)
    op.drop_index(op.f("ix_applications_changed_at"), table_name="applications")
    for column in (
        "changed_at",
        "is_internal",
        "id_token_algorithm",
        "jwks_uri",
        "jwks",
        "post_logout_redirect_uris",
        "auth_methods",
        "profiles",
        "product_id",
    ):
        op.drop_column("applications", column)
    op.drop_table("refresh_tokens")
    op.drop_table("authorization_codes")
    op.drop_table("service_tokens")
    op.drop_table("pushed_requests")
    op.drop_table("grants")
    op.drop_table("consents")
    op.drop_table("client_certificates")
    op.drop_table("api_keys")
    op.drop_table("sessions")
    op.drop_table("memberships")
    op.drop_table("external_identities")
    op.drop_table("users")
    op.drop_table("trusted_issuers")
    op.drop_table("sites")
    op.drop_table("registered_scopes")
    op.drop_table("products")
    op.drop_table("used_proofs")
    op.drop_table("revoked_tokens")
