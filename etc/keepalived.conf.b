# keepalived.conf of node b, for /etc/keepalived/keepalived.conf.
# keepalived moves the virtual IP; tandemqd decides which node may hold it, and says so in a file.
# See docs/OPERATIONS.md.

global_defs {
    # What keepalived calls this node in its log.
    router_id b
    # Version 3 of VRRP has intervals below a second.
    vrrp_version 3
    # Before all others when the machine is busy: it works with tenths of a second.
    vrrp_priority -20

    # Where the folder of the role file does not exist when keepalived starts, keepalived forgets
    # the file and takes the virtual IP whatever tandemqd says. So it makes the folder.
    script_user root
    enable_script_security
    startup_script "/bin/mkdir -p -m 0755 /run/tandemq"
}

# vip.role_file of tandemqd: 1, this node may hold the virtual IP; 0, it may not. No file, or no
# number in it, is a 0, and that is what "weight 0 reverse" does: without "reverse" a node
# whose tandemqd is dead would take the virtual IP.
track_file tandemq_role {
    file "/run/tandemq/role"
    weight 0 reverse
}

# vip.claim_file of tandemqd: 50 from when this node takes over until the other one follows it, so
# that one that hangs and does not let go is outbid; otherwise 0. It is added to the priority.
track_file tandemq_claim {
    file "/run/tandemq/claim"
    weight 1
}

vrrp_instance tandemq {
    # Nobody begins with the virtual IP. There is no "nopreempt": who claims must get it.
    state BACKUP
    interface eth0
    # The same number on both nodes, and on no other pair in this network.
    virtual_router_id 83
    # The same on both nodes: the role files decide.
    priority 200

    # Every 100 ms who holds the virtual IP says so; once unheard is enough for the other one to
    # take it, because only a node whose role file says 1 listens. The same on both nodes.
    advert_int 0.1
    down_timer_adverts 1

    # To the other node alone, not to the whole network; and heard from it alone.
    unicast_src_ip 192.0.2.2
    unicast_peer {
        192.0.2.1
    }
    check_unicast_src

    track_file {
        tandemq_role
        tandemq_claim
    }

    # What the clients connect to; vip.address of tandemqd.
    virtual_ipaddress {
        192.0.2.10/24
    }
}
