"""What lies in the dead-letter queues of a stage, and the ways back from there."""
