"""An event-sourced SLA and escalation engine for Chinese government petitions (诉求)."""

__version__ = "0.1.0"
