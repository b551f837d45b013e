"""Where resources, links, the journal and keys are kept."""
