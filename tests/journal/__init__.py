"""The journal: what it promises about disks, order and damage."""
