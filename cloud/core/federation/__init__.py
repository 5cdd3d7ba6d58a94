"""Signing in with the account of one's own organisation (SAML 2.0, Web Browser SSO)."""
