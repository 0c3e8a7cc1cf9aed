package main

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// nodeTemplate is the template whose clones get a host of the pool they are asked into, and the configuration that
// came with the call. The simulator leaves clones on the template's host and drops the configuration; a client
// that is killed after the call would find a machine without the mark of who made it.
type nodeTemplate struct {
	*simulator.VirtualMachine
}

// placeClones makes the clones of a template placed ones.
func placeClones(registry *simulator.Registry, template types.ManagedObjectReference) error {
	machine, ok := registry.Get(template).(*simulator.VirtualMachine)
	if !ok {
		return fmt.Errorf("%s is no virtual machine", template)
	}
	registry.Put(&nodeTemplate{machine})
	return nil
}

// CloneVMTask stands before the simulator's own.
func (c *nodeTemplate) CloneVMTask(ctx *simulator.Context, req *types.CloneVM_Task) soap.HasFault {
	task := simulator.CreateTask(c.VirtualMachine, "cloneVm", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		if req.Spec.Location.Host == nil {
			req.Spec.Location.Host = idlestHost(ctx, req.Spec.Location.Pool)
		}
		answer, ok := c.VirtualMachine.CloneVMTask(ctx, req).(*methods.CloneVM_TaskBody)
		if !ok || answer.Fault_ != nil {
			return nil, &types.InvalidArgument{}
		}
		clone, fault := result(ctx, answer.Res.Returnval)
		if fault != nil || req.Spec.Config == nil {
			return clone, fault
		}
		return clone, configure(ctx, clone, *req.Spec.Config)
	})
	return &methods.CloneVM_TaskBody{Res: &types.CloneVM_TaskResponse{Returnval: task.Run(ctx)}}
}

// configure applies what the simulator's own clone drops: everything but the devices.
func configure(ctx *simulator.Context, clone types.AnyType, spec types.VirtualMachineConfigSpec) types.BaseMethodFault {
	reference, ok := clone.(types.ManagedObjectReference)
	if !ok {
		return &types.InvalidArgument{}
	}
	machine, ok := ctx.Map.Get(reference).(*simulator.VirtualMachine)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: reference}
	}
	spec.DeviceChange = nil
	request := &types.ReconfigVM_Task{This: reference, Spec: spec}
	answer := machine.ReconfigVMTask(ctx, request).(*methods.ReconfigVM_TaskBody)
	_, fault := result(ctx, answer.Res.Returnval)
	return fault
}

// result waits for a task and gives what it made.
func result(ctx *simulator.Context, reference types.ManagedObjectReference) (types.AnyType, types.BaseMethodFault) {
	task := ctx.Map.Get(reference).(*simulator.Task)
	task.Wait()
	if task.Info.Error != nil {
		return nil, task.Info.Error.Fault
	}
	return task.Info.Result, nil
}

// idlestHost is the host of the pool's cluster with the fewest machines; nil where the pool is of none.
func idlestHost(ctx *simulator.Context, pool *types.ManagedObjectReference) *types.ManagedObjectReference {
	if pool == nil {
		return nil
	}
	resources, ok := ctx.Map.Get(*pool).(*simulator.ResourcePool)
	if !ok {
		return nil
	}
	cluster, ok := ctx.Map.Get(resources.Owner).(*simulator.ClusterComputeResource)
	if !ok {
		return nil
	}
	var idlest *types.ManagedObjectReference
	fewest := 0
	for i := range cluster.Host {
		machines := len(ctx.Map.Get(cluster.Host[i]).(*simulator.HostSystem).Vm)
		if idlest == nil || machines < fewest {
			idlest, fewest = &cluster.Host[i], machines
		}
	}
	return idlest
}
