"""What tools/check_kubernetes.py and tests/deploy ask of the manifests of deploy/kubernetes."""
