import { joinTicketKey } from '../core/join-ticket.ts'
import type { SwarmJoin } from '../model/virtual-machine.ts'

/**
 * The program of a node's first boot, for the python3 that cloud-init itself runs on: opens the ticket at Vault, which can be
 * done once, and hands the token to the engine over its socket. The token is on no command line, in no file, no environment and
 * no log; what is left on the machine is a ticket that opens nothing any more. Where the node is in a swarm already it ends.
 *
 * The two variables are for tests: another tool than VMware's, another socket.
 */
export const joinScript = ({ managers, vault, token }: SwarmJoin): string => `#!/usr/bin/env python3
"""Joins this machine to its swarm, once, with a ticket that opens once. Written by Tenantry."""
import http.client, json, os, socket, subprocess, sys, time, urllib.error, urllib.request

FACTS = json.loads(${JSON.stringify(JSON.stringify({ managers, vault, field: token.field }))})
TOOL = os.environ.get("TENANTRY_GUEST_TOOL", "vmtoolsd")
SOCKET = os.environ.get("TENANTRY_DOCKER_SOCKET", "/run/docker.sock")
DEADLINE = time.monotonic() + 600


class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect(SOCKET)


def engine(method, path, body=None):
    connection = Engine("docker")
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"null")


def patiently(what, attempt):
    """Again and again while it cannot be reached: a first boot is ahead of its network."""
    while True:
        try:
            return attempt()
        except OSError as error:
            if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                raise
            if time.monotonic() > DEADLINE:
                sys.exit(f"{what} cannot be reached: {type(error).__name__}")
            time.sleep(5)


def state():
    status, known = patiently("The engine", lambda: engine("GET", "/info"))
    return known["Swarm"]["LocalNodeState"] if status == 200 else "unknown"


def ticket():
    key = ${JSON.stringify(joinTicketKey)}
    return subprocess.run([TOOL, "--cmd", f"info-get {key}"], check=True, capture_output=True, text=True).stdout.strip()


def opened(wrapping):
    call = urllib.request.Request(FACTS["vault"] + "/v1/sys/wrapping/unwrap", b"{}", {"X-Vault-Token": wrapping}, method="POST")
    try:
        with patiently("Vault", lambda: urllib.request.urlopen(call, timeout=30)) as answer:
            return json.load(answer)["data"]["data"][FACTS["field"]]
    except urllib.error.HTTPError as error:
        sys.exit(f"Vault opens the ticket no more ({error.code}): it is over, or somebody else has opened it. Replace the VM.")


def main():
    if state() == "active":
        return
    token = opened(ticket())
    wish = {"ListenAddr": "0.0.0.0:2377", "RemoteAddrs": FACTS["managers"], "JoinToken": token, "Availability": "pause"}
    status, answer = patiently("The engine", lambda: engine("POST", "/swarm/join", wish))
    # An answer that was lost, or came before the managers', is no refusal: the engine goes on by itself.
    while status != 200 and state() == "pending" and time.monotonic() < DEADLINE:
        time.sleep(5)
    if status != 200 and state() != "active":
        sys.exit(f"The engine did not join ({status}): {str(answer).replace(token, '[token]')}")


main()
`
