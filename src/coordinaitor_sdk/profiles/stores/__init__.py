"""Where tokens are kept between processes."""
