"""SageMaker training jobs in the sandbox: real child processes, one for each instance, on the sandbox's clock.

- `job`: a job as it is kept and told; `checks`: what CreateTrainingJob refuses.
- `plane`: what happens to jobs by itself; `machines`: what they run on; `warm`: what a job leaves behind of that.
- `hosts`: the commands and their folders; `storage`: what goes to S3 and comes from there.
- `operations`: the API, in the place of moto's.
"""
