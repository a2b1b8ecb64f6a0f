// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <ftw.h>
#include <linux/bpf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "held.h"

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int get_info(int fd, void *info, uint32_t size)
{
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = fd;
	attr.info.info_len = size;
	attr.info.info = (uintptr_t)info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

static void list_program(int fd, uint32_t id, struct buf *out)
{
	struct bpf_prog_info info = { 0 };

	if (get_info(fd, &info, sizeof(info)))
		return;
	buf__printf(out, "program %u type=%u tag=", id, info.type);
	for (int i = 0; i < BPF_TAG_SIZE; i++)
		buf__printf(out, "%02x", info.tag[i]);
	buf__printf(out, " insns=%u name=%.16s\n", (unsigned)(info.xlated_prog_len / 8), info.name);
}

static void list_map(int fd, uint32_t id, struct buf *out)
{
	struct bpf_map_info info = { 0 };

	if (!get_info(fd, &info, sizeof(info)))
		buf__printf(out, "map %u type=%u name=%.16s\n", id, info.type, info.name);
}

/* What struct bpf_link_info says of a perf event since 6.6, also where the headers are older. */
struct event_link {
	uint32_t type, id, prog_id, pad;
	uint32_t event, pad2;
	uint64_t name;
	uint32_t name_len, pad3[9];
};

enum { EVENT_TRACEPOINT = 5 };

/* Kprobes and trampolines are listed elsewhere, tracepoints only here. */
static void list_tracepoint(int fd, uint32_t type, struct buf *out)
{
	char name[128] = "";
	struct event_link event = { .name = (uintptr_t)name, .name_len = sizeof(name) };
	struct bpf_link_info raw = { .raw_tracepoint = { .tp_name = (uintptr_t)name,
							 .tp_name_len = sizeof(name) } };

	if ((type == BPF_LINK_TYPE_RAW_TRACEPOINT && !get_info(fd, &raw, sizeof(raw))) ||
	    (type == BPF_LINK_TYPE_PERF_EVENT && !get_info(fd, &event, sizeof(event)) &&
	     event.event == EVENT_TRACEPOINT))
		buf__printf(out, "tracepoint %s\n", name);
}

static void list_link(int fd, uint32_t id, struct buf *out)
{
	struct bpf_link_info info = { 0 };

	if (get_info(fd, &info, sizeof(info)))
		return;
	buf__printf(out, "link %u type=%u\n", id, info.type);
	list_tracepoint(fd, info.type, out);
}

static void list_objects(int next, int open, void (*list)(int fd, uint32_t id, struct buf *out),
			 struct buf *out)
{
	union bpf_attr attr = { 0 };

	while (!sys_bpf(next, &attr)) {
		uint32_t id = attr.next_id;
		cleanup_fd int fd = -1;

		attr = (union bpf_attr){ .prog_id = id }; /* of maps and links too, it is a union */
		fd = sys_bpf(open, &attr);
		if (fd >= 0)
			list(fd, id, out);
		attr = (union bpf_attr){ .start_id = id };
	}
}

/* --- skipped programs --- */

static uint64_t missed;

static void count_missed(int fd, uint32_t id, struct buf *out)
{
	struct bpf_prog_info info = { 0 };

	(void)id;
	(void)out;
	if (!get_info(fd, &info, sizeof(info)))
		missed += info.recursion_misses;
}

uint64_t held__missed(void)
{
	missed = 0;
	list_objects(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, count_missed, NULL);
	return missed;
}

/* --- places --- */

/* Lines of "FUNCTION (1) R ..." in the one file, "ADDRESS k FUNCTION+0x4 ..." in the other. */
static void list_places(const char *path, const char *format, struct buf *out)
{
	cleanup_file FILE *f = fopen(path, "re");
	char line[1024], name[256];

	while (f && fgets(line, sizeof(line), f))
		if (*line != '\t' && sscanf(line, format, name) == 1)
			buf__printf(out, "function %s\n", name);
}

/* --- pins --- */

static struct buf *pins;

static int note_pin(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F)
		buf__printf(pins, "pin %s\n", path);
	return 0;
}

static void list_pins(struct buf *out)
{
	pins = out;
	nftw("/sys/fs/bpf", note_pin, 8, FTW_PHYS | FTW_MOUNT);
}

int held__unpin(const char *dir)
{
	DIR *pinned = opendir(dir);
	int err = pinned ? 0 : -1;

	for (struct dirent *e; !err && (e = readdir(pinned));)
		if (e->d_type == DT_REG)
			err = unlinkat(dirfd(pinned), e->d_name, 0);
	if (pinned)
		closedir(pinned);
	return err;
}

/* --- queueing disciplines --- */

static void list_qdisc(const struct nlmsghdr *h, struct buf *out)
{
	const struct tcmsg *tc = NLMSG_DATA(h);
	char device[IF_NAMESIZE] = "?";
	int len = TCA_PAYLOAD(h);

	if_indextoname(tc->tcm_ifindex, device);
	for (const struct rtattr *a = TCA_RTA(tc); RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == TCA_KIND)
			buf__printf(out, "qdisc %s %.*s\n", device, (int)RTA_PAYLOAD(a),
				    (const char *)RTA_DATA(a));
}

static void list_qdiscs(struct buf *out)
{
	struct {
		struct nlmsghdr h;
		struct tcmsg tc;
	} request = { .h = { .nlmsg_len = sizeof(request),
			     .nlmsg_type = RTM_GETQDISC,
			     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	static char answer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	int n;

	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0)
		return;
	while ((n = recv(fd, answer, sizeof(answer), 0)) > 0)
		for (const struct nlmsghdr *h = (void *)answer; NLMSG_OK(h, (unsigned)n);
		     h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type != RTM_NEWQDISC)
				return;
			list_qdisc(h, out);
		}
}

/* --- processes --- */

struct process {
	pid_t pid;
	char name[64], state;
	unsigned uid;
};

static bool read_process(const char *pid, struct process *p)
{
	cleanup_free char *path = xprintf("/proc/%s/status", pid);
	cleanup_file FILE *f = *pid <= '9' ? fopen(path, "re") : NULL;
	char line[256];

	*p = (struct process){ .pid = atoi(pid) };
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Name: %63[^\n]", p->name) != 1 &&
		    sscanf(line, "State: %c", &p->state) != 1 &&
		    sscanf(line, "Uid: %u", &p->uid) == 1)
			return true;
	return false;
}

static void list_processes(unsigned uid, struct buf *out)
{
	DIR *proc = opendir("/proc");
	struct process p;

	for (struct dirent *e; proc && (e = readdir(proc));)
		if (read_process(e->d_name, &p) && p.uid == uid)
			buf__printf(out, "process %d %s\n", p.pid, p.name);
	if (proc)
		closedir(proc);
}

static bool is_among(pid_t pid, const pid_t *pids, size_t count)
{
	while (count--)
		if (pids[count] == pid)
			return true;
	return false;
}

bool held__stopped(unsigned uid, const pid_t *but, size_t count)
{
	DIR *proc = opendir("/proc");
	bool stopped = false;
	struct process p;

	for (struct dirent *e; !stopped && proc && (e = readdir(proc));)
		stopped = read_process(e->d_name, &p) && p.state == 'T' && p.uid != uid &&
			  !is_among(p.pid, but, count);
	if (proc)
		closedir(proc);
	return stopped;
}

/* --- */

void held__list_programs(struct buf *out)
{
	buf__add(out, "", 0);
	list_objects(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, list_program, out);
	list_objects(BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID, list_link, out);
	list_places("/sys/kernel/debug/kprobes/list", "%*s %*s %255[^+ ]", out);
	list_places("/sys/kernel/tracing/enabled_functions", "%255[^ ]", out);
}

void held__list(unsigned uid, struct buf *out)
{
	held__list_programs(out);
	list_objects(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, list_map, out);
	list_pins(out);
	list_qdiscs(out);
	list_processes(uid, out);
}

static bool has_line(const struct buf *b, const char *line, size_t len)
{
	for (const char *p = b->data; p && *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strcspn(p, "\n") == len && !strncmp(p, line, len))
			return true;
	return false;
}

void held__new(const struct buf *before, const struct buf *now, struct buf *out)
{
	buf__add(out, "", 0);
	for (const char *p = now->data; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		size_t len = strcspn(p, "\n");

		if (len && !has_line(before, p, len))
			buf__printf(out, "%.*s\n", (int)len, p);
	}
}
