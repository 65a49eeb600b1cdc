"""Who may do what, who agreed to it, and what was done: policy, approvals, audit."""
