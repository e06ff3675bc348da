package assess

import "strings"

func init() {
	hooks["coreutils"] = coreutilsHook
	hooks["logger"] = loggerHook
	hooks["module"] = moduleHook
	hooks["sevenZip"] = sevenZipHook
}

// loggerHook: -n sends to another machine.
func loggerHook(c *call, u *use) {
	if u.has("-n", "--server") {
		c.rate(Stateful, "logger -n", "sends to another machine")
		c.sends = true
	}
}

// linkDrivers are modules of network cards and disks: without them the machine is gone.
var linkDrivers = setOf("e1000 e1000e igb igbvf ixgbe ixgbevf i40e iavf ice bnx2 bnx2x bnxt_en tg3 mlx4_core mlx4_en mlx5_core virtio_net virtio_pci virtio_blk virtio_scsi vmxnet3 vmw_pvscsi ena r8169 r8125 xen_netfront xen_blkfront hv_netvsc hv_storvsc nvme nvme_core ahci libahci megaraid_sas mpt3sas mpt2sas aacraid hpsa smartpqi sd_mod scsi_mod dm_mod dm_crypt md_mod raid1 raid456 ext4 xfs btrfs zfs bonding 8021q bridge team iwlwifi ath9k ath10k_pci cdc_ether usbnet ip_tables nf_tables ipv6 af_packet overlay")

// moduleHook: taking a driver away takes away what hangs on it.
func moduleHook(c *call, u *use) {
	if c.tier == Observe || base(c.args[0].s) == "modprobe" && !u.has("-r", "--remove") {
		return
	}
	for _, a := range u.operands {
		if linkDrivers[strings.ReplaceAll(a.s, "-", "_")] {
			c.rate(Irreversible, base(c.args[0].s), "takes away the driver "+a.show()+", on which access or the disks depend")
		}
	}
}

// coreutilsHook: all of them in one program, named by its first option.
func coreutilsHook(c *call, u *use) {
	for i, a := range c.args {
		if name, ok := strings.CutPrefix(a.s, "--coreutils-prog="); ok {
			c.command(append(words(name), c.args[i+1:]...))
			return
		}
	}
}

// sevenZipHook: -sdel removes what was packed.
func sevenZipHook(c *call, u *use) {
	deletes := false
	for _, a := range c.args {
		deletes = deletes || a.s == "-sdel"
	}
	for i, a := range u.operands {
		if deletes && i > 0 && !strings.HasPrefix(a.s, "-") {
			c.effect(removesAll, a, "7z -sdel")
		}
	}
}
