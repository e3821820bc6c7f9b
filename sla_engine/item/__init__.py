"""List items (清单事项): one entry of a task, problem, duty or service list, of a procedure map."""
