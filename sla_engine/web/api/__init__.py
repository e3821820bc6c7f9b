"""What other systems call: /v1."""
