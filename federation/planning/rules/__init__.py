"""One rule per subject: each yields the steps that its subject needs, and knows nothing of the other rules' steps but
their keys."""
