# The rules of `tenantry compliance check` that the benchmark compares, each by the id that it has there.
package main

import rego.v1

registry := "registry.nonprod.example/"

moving := `^(latest|stable|edge|nightly|main|master|trunk|head|dev|devel|develop|snapshot|current|lts|rolling|canary|next)(-|$)|-(latest|snapshot)$`

tag(image) := parts[1] if {
	last := regex.find_n(`[^/]+$`, image, 1)[0]
	parts := split(last, ":")
	count(parts) == 2
}

root(user) if split(user, ":")[0] == "root"

root(user) if regex.match(`^[+-]?0+$`, split(user, ":")[0])

found(rule, service) := {"msg": sprintf("%s: service %s", [rule, service]), "rule": rule}

deny contains found("root/user", name) if {
	some name, service in input.services
	root(sprintf("%v", [service.user]))
}

deny contains found("root/privileged", name) if {
	some name, service in input.services
	service.privileged == true
}

deny contains found("root/capabilities-added", name) if {
	some name, service in input.services
	count(service.cap_add) > 0
}

no_new_privileges(service) if {
	some option in service.security_opt
	regex.match(`^no-new-privileges([=:](true|1))?$`, option)
}

deny contains found("root/no-new-privileges-missing", name) if {
	some name, service in input.services
	not no_new_privileges(service)
}

pinned(image) if contains(image, "@sha256:")

pinned(image) if not regex.match(moving, lower(tag(image)))

deny contains found("image/moving-tag", name) if {
	some name, service in input.services
	not pinned(service.image)
}

deny contains found("image/registry", name) if {
	some name, service in input.services
	not startswith(service.image, registry)
}

deny contains found("host/namespace", name) if {
	some name, service in input.services
	some key in ["pid", "ipc", "uts", "userns_mode", "network_mode", "cgroup"]
	service[key] == "host"
}

deny contains found("limits/no-cpu-limit", name) if {
	some name, service in input.services
	not service.deploy.resources.limits.cpus
}

deny contains found("limits/no-memory-limit", name) if {
	some name, service in input.services
	not service.deploy.resources.limits.memory
}

deny contains found("run/no-health-check", name) if {
	some name, service in input.services
	not service.healthcheck.test
}

deny contains found("run/no-update-policy", name) if {
	some name, service in input.services
	not service.deploy.update_config
}

deny contains found("run/no-restart-policy", name) if {
	some name, service in input.services
	not service.deploy.restart_policy
}

deny contains found("run/no-log-driver", name) if {
	some name, service in input.services
	not service.logging.driver
}
