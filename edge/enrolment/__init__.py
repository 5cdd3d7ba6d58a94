"""How the gateway joins the fleet, keeps its certificate, and is configured from afar."""
