"""Who messages may go to: for now the opt-outs of an account."""
