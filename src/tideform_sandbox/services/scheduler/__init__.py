"""What happens at its time: EventBridge Scheduler's schedules, and EventBridge's rules with one."""
