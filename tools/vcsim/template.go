package main

import (
	"context"
	"net/url"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// templateName is the template that the sample cluster files name.
const templateName = "swarm-node-template"

// templateDiskBytes is the size of the template's disk: what clones are at least as large as.
const templateDiskBytes = 10 << 30

// addTemplate makes the node template in the data center's vm folder.
func addTemplate(ctx context.Context, address *url.URL) (types.ManagedObjectReference, error) {
	var none types.ManagedObjectReference
	client, err := govmomi.NewClient(ctx, address, true)
	if err != nil {
		return none, err
	}
	defer func() { _ = client.Logout(ctx) }()
	finder := find.NewFinder(client.Client)
	datacenter, err := finder.Datacenter(ctx, "DC0")
	if err != nil {
		return none, err
	}
	finder.SetDatacenter(datacenter)
	folders, err := datacenter.Folders(ctx)
	if err != nil {
		return none, err
	}
	pool, err := finder.ResourcePool(ctx, "DC0_C0/Resources")
	if err != nil {
		return none, err
	}
	spec, err := templateSpec(ctx, finder)
	if err != nil {
		return none, err
	}
	task, err := folders.VmFolder.CreateVM(ctx, spec, pool, nil)
	if err != nil {
		return none, err
	}
	made, err := task.WaitForResult(ctx, nil)
	if err != nil {
		return none, err
	}
	machine := object.NewVirtualMachine(client.Client, made.Result.(types.ManagedObjectReference))
	return machine.Reference(), machine.MarkAsTemplate(ctx)
}

func templateSpec(ctx context.Context, finder *find.Finder) (types.VirtualMachineConfigSpec, error) {
	spec := types.VirtualMachineConfigSpec{
		Name:     templateName,
		GuestId:  string(types.VirtualMachineGuestOsIdentifierUbuntu64Guest),
		NumCPUs:  2,
		MemoryMB: 4096,
		Files:    &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
	}
	network, err := finder.Network(ctx, "VM Network")
	if err != nil {
		return spec, err
	}
	backing, err := network.EthernetCardBackingInfo(ctx)
	if err != nil {
		return spec, err
	}
	var devices object.VirtualDeviceList
	controller, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return spec, err
	}
	devices = append(devices, controller)
	disk := devices.CreateDisk(controller.(types.BaseVirtualController), types.ManagedObjectReference{}, "")
	disk.CapacityInBytes, disk.CapacityInKB = templateDiskBytes, templateDiskBytes>>10
	disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo).Datastore = nil
	card, err := devices.CreateEthernetCard("vmxnet3", backing)
	if err != nil {
		return spec, err
	}
	devices = append(devices, disk, card)
	spec.DeviceChange, err = devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	return spec, err
}
