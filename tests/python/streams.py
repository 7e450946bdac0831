"""Exec and port-forward as Python's Kubernetes client does them.

streams.py NAMESPACE POD: prints what came, a line of JSON for each thing tried.
"""

import json
import sys

from kubernetes import client, config
from kubernetes.stream import portforward, stream

namespace, pod = sys.argv[1:]
config.load_kube_config()
api = client.CoreV1Api()


def exec_in_pod(script, **options):
    return stream(
        api.connect_get_namespaced_pod_exec, pod, namespace,
        command=["sh", "-c", script], stdout=True, stderr=True, **options)


print(json.dumps({"simple": exec_in_pod("echo simple", stdin=False, tty=False)}))

session = exec_in_pod("read line; echo got $line; echo oops >&2; exit 7",
                      stdin=True, tty=False, _preload_content=False)
session.write_stdin("typed\n")
session.run_forever(timeout=20)
print(json.dumps({"stdout": session.read_stdout(), "stderr": session.read_stderr(),
                  "code": session.returncode}))

# By the older protocol, which numbers its channels.
forward = portforward(api.connect_get_namespaced_pod_portforward, pod, namespace, ports="8080")
socket = forward.socket(8080)
socket.setblocking(True)
answer = b""
while chunk := socket.recv(1024):
    answer += chunk
print(json.dumps({"forwarded": answer.decode(), "error": forward.error(8080)}))
