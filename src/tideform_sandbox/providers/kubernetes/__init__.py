"""The provider that stands in for the vendor's Kubernetes plugin: any kind of object, by server-side apply.

With a kubeconfig it works on that cluster. Without one, objects are checked against the schemas of the kinds that
Kubernetes itself has and kept in the sandbox, where nothing acts on them.
"""
