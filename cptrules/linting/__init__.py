"""What can be known of a policy's rules without a claim: which conditions exclude each other, which limits nothing reaches."""
