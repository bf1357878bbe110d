"""The contract, tried by a machine that knows nothing but the contract."""
