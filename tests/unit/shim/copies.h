/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies: what has to be as in the kernel for the tests to mean anything.
 * Each part is verbatim from the file that it names, except for comments;
 * check-copies compares them when a kernel tree is at hand.
 */
#ifndef HOST_COPIES_H
#define HOST_COPIES_H

/* copy: include/linux/kconfig.h */
#define __ARG_PLACEHOLDER_1 0,
#define __take_second_arg(__ignored, val, ...) val
#define __or(x, y)			___or(x, y)
#define ___or(x, y)			____or(__ARG_PLACEHOLDER_##x, y)
#define ____or(arg1_or_junk, y)		__take_second_arg(arg1_or_junk 1, y)
#define __is_defined(x)			___is_defined(x)
#define ___is_defined(val)		____is_defined(__ARG_PLACEHOLDER_##val)
#define ____is_defined(arg1_or_junk)	__take_second_arg(arg1_or_junk 1, 0)
#define IS_BUILTIN(option) __is_defined(option)
#define IS_MODULE(option) __is_defined(option##_MODULE)
#define IS_ENABLED(option) __or(IS_BUILTIN(option), IS_MODULE(option))
/* end of copy */

/* copy: include/linux/sizes.h */
#define SZ_64K				0x00010000
#define SZ_1M				0x00100000
#define SZ_2M				0x00200000
#define SZ_8M				0x00800000
#define SZ_64M				0x04000000
#define SZ_128M				0x08000000
#define SZ_1G				0x40000000
/* end of copy */

/* copy: include/linux/err.h */
#define MAX_ERRNO	4095
#define IS_ERR_VALUE(x) unlikely((unsigned long)(void *)(x) >= (unsigned long)-MAX_ERRNO)
static __always_inline void * __must_check ERR_PTR(long error)
{
	return (void *) error;
}
static __always_inline long __must_check PTR_ERR(__force const void *ptr)
{
	return (long) ptr;
}
static __always_inline bool __must_check IS_ERR(__force const void *ptr)
{
	return IS_ERR_VALUE((unsigned long)ptr);
}
/* end of copy */

/* copy: include/linux/list.h */
#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) \
	struct list_head name = LIST_HEAD_INIT(name)
static inline void INIT_LIST_HEAD(struct list_head *list)
{
	WRITE_ONCE(list->next, list);
	WRITE_ONCE(list->prev, list);
}
/* end of copy */

/* copy: include/linux/list.h */
static __always_inline void list_add(struct list_head *new,
				     struct list_head *head)
{
	__list_add(new, head, head->next);
}
static inline void list_add_tail(struct list_head *new, struct list_head *head)
{
	__list_add(new, head->prev, head);
}
static inline void __list_del(struct list_head * prev, struct list_head * next)
{
	next->prev = prev;
	WRITE_ONCE(prev->next, next);
}
static inline void __list_del_entry(struct list_head *entry)
{
	if (!__list_del_entry_valid(entry))
		return;

	__list_del(entry->prev, entry->next);
}
static inline void list_del(struct list_head *entry)
{
	__list_del_entry(entry);
	entry->next = LIST_POISON1;
	entry->prev = LIST_POISON2;
}
static inline int list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}
/* end of copy */

/* copy: include/linux/list.h */
#define list_first_entry(ptr, type, member) \
	list_entry((ptr)->next, type, member)
#define list_first_entry_or_null(ptr, type, member) ({ \
	struct list_head *head__ = (ptr); \
	struct list_head *pos__ = READ_ONCE(head__->next); \
	pos__ != head__ ? list_entry(pos__, type, member) : NULL; \
})

/* end of copy */

/* copy: include/linux/gfp_types.h */
#define GFP_KERNEL	(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_USER	(__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HARDWALL)
#define GFP_HIGHUSER	(GFP_USER | __GFP_HIGHMEM)
/* end of copy */

/* copy: include/linux/ioport.h */
#define IORESOURCE_MEM		0x00000200
#define IORESOURCE_SYSRAM	0x01000000	/* System RAM (modifier) */
#define IORESOURCE_BUSY		0x80000000	/* Driver has marked this resource busy */
#define IORESOURCE_SYSTEM_RAM		(IORESOURCE_MEM|IORESOURCE_SYSRAM)
/* end of copy */

/* copy: include/linux/ioport.h */
#define IORESOURCE_SYSRAM_MERGEABLE		0x04000000 /* Resource can be merged. */
/* end of copy */

/* copy: include/xen/interface/memory.h */
#define XENMEM_decrease_reservation 1
#define XENMEM_populate_physmap     6
struct xen_memory_reservation {

    /*
     * XENMEM_increase_reservation:
     *   OUT: MFN (*not* GMFN) bases of extents that were allocated
     * XENMEM_decrease_reservation:
     *   IN:  GMFN bases of extents to free
     * XENMEM_populate_physmap:
     *   IN:  GPFN bases of extents to populate with memory
     *   OUT: GMFN bases of extents that were allocated
     *   (NB. This command also updates the mach_to_phys translation table)
     */
    GUEST_HANDLE(xen_pfn_t) extent_start;

    /* Number of extents, and size/alignment of each (2^extent_order pages). */
    xen_ulong_t  nr_extents;
    unsigned int   extent_order;

    /*
     * Maximum # bits addressable by the user of the allocated region (e.g.,
     * I/O devices often have a 32-bit limitation even in 64-bit systems). If
     * zero then the user has no addressing restriction.
     * This field is not used by XENMEM_decrease_reservation.
     */
    unsigned int   address_bits;

    /*
     * Domain whose reservation is being changed.
     * Unprivileged domains can specify only DOMID_SELF.
     */
    domid_t        domid;

};
/* end of copy */

/* copy: include/xen/interface/memory.h */
#define XENMEM_current_reservation  3
#define XENMEM_maximum_reservation  4
/* end of copy */

/* copy: include/xen/interface/xen.h */
#define MMU_NORMAL_PT_UPDATE       0 /* checked '*ptr = val'. ptr is MA.      */
/* end of copy */

/* copy: include/xen/interface/xen.h */
#define DOMID_SELF (0x7FF0U)
/* end of copy */

/* copy: include/xen/interface/xen.h */
struct mmu_update {
    uint64_t ptr;       /* Machine address of PTE. */
    uint64_t val;       /* New contents of PTE.    */
};
/* end of copy */

/* copy: include/xen/interface/xen.h */
#define MMUEXT_PIN_L1_TABLE      0
#define MMUEXT_UNPIN_TABLE       4
#define UVMF_INVLPG             (2UL<<0) /* Flush only one entry. */
/* end of copy */

/* copy: include/xen/interface/xen.h */
struct mmuext_op {
	unsigned int cmd;
	union {
		/* [UN]PIN_TABLE, NEW_BASEPTR, NEW_USER_BASEPTR
		 * CLEAR_PAGE, COPY_PAGE, [UN]MARK_SUPER */
		xen_pfn_t mfn;
		/* INVLPG_LOCAL, INVLPG_ALL, SET_LDT */
		unsigned long linear_addr;
	} arg1;
	union {
		/* SET_LDT */
		unsigned int nr_ents;
		/* TLB_FLUSH_MULTI, INVLPG_MULTI */
		void *vcpumask;
		/* COPY_PAGE */
		xen_pfn_t src_mfn;
	} arg2;
};
/* end of copy */

/* copy: include/xen/page.h */
#define XEN_PAGE_SHIFT	12
#define XEN_PAGE_SIZE	(_AC(1, UL) << XEN_PAGE_SHIFT)
/* end of copy */

/* copy: include/xen/page.h */
#define page_to_xen_pfn(page)		\
	((page_to_pfn(page)) << (PAGE_SHIFT - XEN_PAGE_SHIFT))

#define XEN_PFN_PER_PAGE	(PAGE_SIZE / XEN_PAGE_SIZE)
/* end of copy */

/* copy: include/xen/page.h */
static inline unsigned long xen_page_to_gfn(struct page *page)
{
	return pfn_to_gfn(page_to_xen_pfn(page));
}
struct xen_memory_region {
	unsigned long start_pfn;
	unsigned long n_pfns;
};
/* end of copy */

/* copy: include/xen/page.h */
#define XEN_EXTRA_MEM_MAX_REGIONS 128 /* == E820_MAX_ENTRIES_ZEROPAGE */
/* end of copy */

/* copy: arch/x86/include/asm/xen/page.h */
#define INVALID_P2M_ENTRY	(~0UL)
/* end of copy */

int kstrtoull(const char *s, unsigned int base, unsigned long long *res);
int kstrtouint(const char *s, unsigned int base, unsigned int *res);
int kstrtobool(const char *s, bool *res);

#endif /* HOST_COPIES_H */
