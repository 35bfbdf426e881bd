"""What wotr's services share, as a versioned library: see the CHANGELOG before you change it."""
