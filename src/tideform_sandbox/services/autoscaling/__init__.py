"""Auto Scaling groups in the sandbox, as they are on AWS where moto is not.

A request's way: `operations` (the API) → `plane` (one a region: what happens by itself, on the timeline) → `group` (a
group and its members) → `launches` (instances in moto's EC2, through the market).
"""
