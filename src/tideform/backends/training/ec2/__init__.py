"""Bursts on EC2 Auto Scaling: `runner` brings capacity (`climb`) behind its own end (`lease_end`) and runs `gang`s."""
