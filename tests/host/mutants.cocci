// SPDX-License-Identifier: GPL-2.0-only OR MIT
//
// Small wrong changes to the driver. The cases must catch each of them.
//
// A mutant begins with a line "// mutant: NAME"; a semantic patch follows. The
// README tells how one is added.

// -- Decisions: growth -------------------------------------------------------

// mutant: growth ignores the number of ballooned pages
@@
expression v, wanted;
@@
- min3(wanted, v->ballooned, v->batch)
+ min(wanted, v->batch)

// mutant: growth ignores the size of a batch
@@
expression v, wanted;
@@
- min3(wanted, v->ballooned, v->batch)
+ min(wanted, v->ballooned)

// mutant: growth wants a page too few
@@
expression v;
@@
 plan_growth(...)
 {
 <...
- v->target - v->current_pages
+ v->target - v->current_pages - 1
 ...>
 }

// mutant: lent pages do not count for hotplug
@@
expression v;
@@
 plan_growth(...)
 {
 <...
- v->target + v->unpopulated
+ v->target
 ...>
 }

// mutant: sections are added although there are enough
@@
expression v, wanted;
@@
 plan_growth(...)
 {
 <...
- wanted <= v->total
+ wanted < v->total
 ...>
 }

// mutant: a part of a section is added
@@
expression v, nr_pages;
@@
- roundup(nr_pages, v->hotplug_unit)
+ nr_pages

// mutant: sections are added that the guest cannot pay for
@@
expression v, nr_pages, most;
@@
- min(roundup(nr_pages, v->hotplug_unit), most - most % v->hotplug_unit)
+ roundup(nr_pages, v->hotplug_unit)

// mutant: the guest pays for a part of a section
@@
expression v, most;
@@
- most - most % v->hotplug_unit
+ most

// mutant: sections take all available memory
@@
expression v;
@@
- v->available / 8
+ v->available

// mutant: a guest that cannot pay for sections waits for them
@@
expression nr_pages;
@@
 plan_growth(...)
 {
 <...
 if (!nr_pages)
	return (struct balloon_plan) { .outcome =
- BALLOON_EAGAIN
+ BALLOON_WAIT
	};
 ...>
 }

// mutant: the clamp forgets lent pages
@@
expression v;
@@
- v->current_pages + v->unpopulated
+ v->current_pages

// -- Decisions: shrinking ----------------------------------------------------

// mutant: there is no floor
@@
expression v;
@@
- max(v->target, v->floor)
+ v->target

// mutant: inflation ignores how much memory is available
@@
expression v, excess, kept;
@@
- min(excess, v->available - min(v->available, kept))
+ excess

// mutant: inflation ignores the size of a batch
@@
expression spare, batch;
@@
 plan_shrinking(...)
 {
 <...
 (struct balloon_plan) { ..., .nr_pages =
- min(spare, batch)
+ spare
 , ... }
 ...>
 }

// mutant: a bounded pass counts as a success
@@
expression v, spare, excess;
@@
- spare < min(excess, v->batch) || v->pressure == BALLOON_CAREFUL
+ v->pressure == BALLOON_CAREFUL

// mutant: a lack of available memory is final
@@
expression v, spare;
@@
 if (!spare || v->pressure == BALLOON_RESTING)
	return (struct balloon_plan) { .outcome =
- BALLOON_EAGAIN
+ BALLOON_ECANCELED
	};

// mutant: much memory stays available during a populate-on-demand boot
@@
expression v;
@@
- if (v->pod_boot)
-	return 0;

// mutant: no memory stays available
@@
expression v;
@@
- min(v->floor, balloon_default_floor(v->total)) / 4
+ 0

// mutant: a raised floor keeps much memory available
@@
expression v;
@@
- min(v->floor, balloon_default_floor(v->total)) / 4
+ v->floor / 4

// mutant: inflation does not rest after the guest ran out of memory
@@
expression v, spare;
@@
- !spare || v->pressure == BALLOON_RESTING
+ !spare

// mutant: inflation is not careful after the guest ran out of memory
@@
expression v, batch;
@@
- if (v->pressure == BALLOON_CAREFUL)
-	batch = BLOCK_PAGES;

// mutant: inflation is careful for ever
@@
expression since;
@@
- since < CAREFUL_S
+ since < 1000000

// -- Decisions: schedule, batches, floor -------------------------------------

// mutant: the delay does not double
@@
expression s;
@@
- min(2 * s->delay, s->max_delay)
+ min(s->delay, s->max_delay)

// mutant: the delay has no bound
@@
expression s;
@@
- min(2 * s->delay, s->max_delay)
+ 2 * s->delay

// mutant: the worker tries once too often
@@
expression s;
@@
- s->count >= s->max_count
+ s->count > s->max_count

// mutant: unlimited tries come to an end
@@
expression s, E;
@@
- s->max_count != RETRY_UNLIMITED && E
+ E

// mutant: progress does not break the row of shortages
@@
expression outcome, progress;
@@
 balloon_schedule_next(...)
 {
 <...
- outcome != BALLOON_EAGAIN || progress
+ outcome != BALLOON_EAGAIN
 ...>
 }

// mutant: the worker never looks again after it gave up
@@
@@
- return BALLOON_SLOW_RETRY_S;
+ return BALLOON_NEVER;

// mutant: the worker spins when it is done
@@
expression progress;
@@
 balloon_schedule_delay_s(...)
 {
 <...
- progress ? 0 : BALLOON_NEVER
+ 0
 ...>
 }

// mutant: the worker stops after a batch
@@
expression progress;
@@
 balloon_schedule_delay_s(...)
 {
 <...
- progress ? 0 : BALLOON_NEVER
+ BALLOON_NEVER
 ...>
 }

// mutant: a batch has always the largest size
@@
expression fit;
@@
- clamp(fit, BLOCK_PAGES, BATCH_PAGES)
+ BATCH_PAGES

// mutant: a batch may end within a block
@@
expression nr_pages;
@@
 balloon_next_batch(...)
 {
 <...
- round_down(nr_pages, BLOCK_PAGES)
+ nr_pages
 ...>
 }

// mutant: a batch may be empty
@@
expression fit;
@@
- clamp(fit, BLOCK_PAGES, BATCH_PAGES)
+ min(fit, BATCH_PAGES)

// mutant: the floor is half of any guest
@@
expression total;
@@
 balloon_default_floor(...)
 {
 <...
- min(total / 2, SZ_64M / PAGE_SIZE + total / 16)
+ total / 2
 ...>
 }

// -- Decisions: numbers of the toolstack -------------------------------------

// mutant: video memory counts as memory that the guest does not see
@@
expression c;
@@
 balloon_learn_difference(...)
 {
 <...
- c->static_max - c->videoram
+ c->static_max
 ...>
 }

// mutant: a gap of any size is overhead
@@
expression pages;
@@
 is_overhead(...)
 {
 <...
- pages >= -MAX_OVERHEAD && pages <= MAX_OVERHEAD
+ true
 ...>
 }

// mutant: pages that Xen lacks are no overhead
@@
expression pages;
@@
- pages >= -MAX_OVERHEAD
+ pages >= 0

// mutant: a first target that was changed hides the overhead
@@
expression pages;
@@
- is_overhead(pages) ? pages : 0
+ 0

// mutant: pages that Xen populates on demand are overhead
@@
expression pages;
@@
- is_overhead(pages) ? pages : 0
+ pages

// mutant: any static-max that is not below the first target is believed
@@
expression c;
@@
 c->static_max < c->first_target ||
- c->static_max + MAX_OVERHEAD < c->guest
+ 0

// mutant: a static-max below the first target is believed
@@
expression c, E;
@@
 balloon_believe(...)
 {
 <...
- c->static_max < c->first_target || E
+ E
 ...>
 }

// mutant: a first target far above the size of the guest tells the maximum
@@
expression more;
@@
 balloon_believe(...)
 {
 <...
- more <= MAX_OVERHEAD
+ 1
 ...>
 }

// mutant: a first target below the size of the guest tells the maximum
@@
expression more;
@@
 balloon_believe(...)
 {
 <...
- max(more, 0L)
+ more
 ...>
 }

// mutant: any videoram is believed
@@
expression c;
@@
- if (c->static_max + MAX_OVERHEAD < c->guest + c->videoram)
-	c->videoram = 0;

// mutant: a low first target counts as a populate-on-demand boot
@@
expression c, E, xen;
@@
 balloon_backed_pages(...)
 {
 <...
- E || xen >= c->guest
+ E
 ...>
 }

// mutant: the difference is added to the target
@@
expression difference;
type T;
expression target;
@@
 balloon_target_from_kb(...)
 {
 <...
- (T)target - difference
+ (T)target + difference
 ...>
 }

// mutant: a target beyond the address space is taken
@@
expression target;
@@
 balloon_target_from_kb(...)
 {
 <...
- if (target > balloon_max_target())
-	return -ERANGE;
 ...>
 }

// -- The store ---------------------------------------------------------------

// mutant: highmem goes first
@@
expression page, list;
@@
 store_add(...)
 {
 <...
- list_add_tail(page, list)
+ list_add(page, list)
 ...>
 }

// mutant: the counts of lowmem and highmem are swapped
@@
expression b, page;
@@
- PageHighMem(page) ? &b->nr_high : &b->nr_low
+ PageHighMem(page) ? &b->nr_low : &b->nr_high

// mutant: pages that were taken stay counted
@@
expression list E;
@@
 balloon_store_take_all(...)
 {
 <...
- store_count_all(E);
 ...>
 }

// mutant: NR_BALLOON_PAGES only rises
@@
expression b, pages, nr, order;
@@
 balloon_store_take_all(...)
 {
 <...
 store_count_all(b, pages, nr, order,
- -1
+ 1
 )
 ...>
 }

// mutant: pages count for the zone of the first of them
@@
expression first, other;
@@
 balloon_zone_run(...)
 {
 <...
- if (page_zone(other) != page_zone(first))
-	break;
 ...>
 }

// mutant: blocks need not be aligned
@@
expression pfn, E;
@@
 fills_block(...)
 {
 <...
- !IS_ALIGNED(pfn, BLOCK_PAGES) || E
+ E
 ...>
 }

// mutant: a split block loses its last page
@@
expression i;
@@
 store_split_block(...)
 {
 <...
 i =
- BLOCK_PAGES
+ BLOCK_PAGES - 1
 ...>
 }

// mutant: a split block stays on its list
@@
expression block;
@@
 store_split_block(...)
 {
 <...
- list_del(&block->lru);
 ...>
 }

// mutant: highmem is lent
@@
expression page, lowmem;
@@
- page && lowmem && PageHighMem(page) ? NULL : page
+ page

// mutant: pages in the store are not offline
@@
expression page;
@@
- __SetPageOffline(page);

// mutant: pages stay offline on their way out of the store
@@
expression page;
@@
- __ClearPageOffline(page);

// mutant: adopted pages stay reserved
@@
expression page;
@@
 balloon_adopt(...)
 {
 <...
- ClearPageReserved(page);
 ...>
 }

// mutant: split blocks stay split
@@
expression b, page;
@@
 store_add_extent(...)
 {
 <...
- store_join(b, page);
 ...>
 }

// mutant: a block with its first and last page is whole
@@
expression i, block;
@@
 store_join(...)
 {
 <...
 for (i = 0; i < BLOCK_PAGES;
- i++
+ i += BLOCK_PAGES - 1
 )
	if (!in_store(block + i))
		return;
 ...>
 }

// mutant: joined pages are single pages, too
@@
expression page;
@@
 store_join(...)
 {
 <...
- store_remove_single(page);
 ...>
 }

// mutant: pages out of the store look as if they were in it
@@
expression page;
@@
 store_remove_single(...)
 {
 <...
- set_page_private(page, 0);
 ...>
 }

// mutant: a split is not counted
@@
expression b;
@@
- b->nr_splits++;

// mutant: a join is not counted
@@
expression b;
@@
- b->nr_joins++;

// -- Inflate -----------------------------------------------------------------

// mutant: quarantined pages are not counted
@@
expression b, nr_pages;
@@
- b->nr_quarantined += nr_pages;

// mutant: quarantined pages stay in the size
@@
expression b, nr_pages;
@@
 quarantine(...)
 {
 <...
- b->current_pages -= nr_pages;
 ...>
 }

// mutant: managed pages do not follow inflation
@@
expression list E;
@@
 take_from_allocator(...)
 {
 <...
- adjust_managed(E);
 ...>
 }

// mutant: managed pages count extents, not pages
@@
type T;
expression run, order;
@@
 adjust_managed(...)
 {
 <...
- (T)run << order
+ (T)run
 ...>
 }

// mutant: blocks are not split into pages
@@
expression page;
@@
 take_blocks(...)
 {
 <...
- split_page(page, BLOCK_ORDER);
+ page;
 ...>
 }

// mutant: all pages of a block but the first keep their reference
@@
expression page;
@@
 give_to_allocator(...)
 {
 <...
- set_page_count(page, 0);
 ...>
 }

// mutant: a refusal ends the batch
@@
expression nr;
@@
- nr < MAX_REFUSED
+ nr < 1

// mutant: refused pages are not swapped
@@
expression b, done, last;
@@
- swap(b->pages[done], b->pages[last]);

// mutant: refused frames are not swapped
@@
expression b, done, last;
@@
- swap(b->frames[done], b->frames[last]);

// mutant: a block that Xen half took is used again
@@
expression nr_unknown, E;
@@
 release_extents(...)
 {
 <...
 *nr_unknown =
- E
+ 0
 ;
 ...>
 }

// mutant: a block that Xen refused and left whole is quarantined
@@
expression before, gone;
@@
- before < 0 || before - xenmem_current_frames() != gone
+ 1

// mutant: a doubt is settled without a count
@@
expression before, gone;
@@
- before < 0 || before - xenmem_current_frames() != gone
+ before < 0

// mutant: a refusal of blocks is forgotten
@@
expression b, order;
@@
- if (order == BLOCK_ORDER)
-	b->blocks_refused = true;

// mutant: Xen is asked for its count with each batch
@@
expression b, E;
@@
- b->extents_proven = E;
+ b->extents_proven = false;

// mutant: Xen is asked for its count during a populate-on-demand boot
@@
expression b;
@@
- b->extents_proven || READ_ONCE(b->pod_boot)
+ b->extents_proven

// mutant: p2m and mapping stay on PV
@@
expression list E;
@@
 inflate_extents(...)
 {
 <...
- xenmem_pv_unmap(E);
 ...>
 }

// mutant: the TLBs are not flushed
@@
@@
 inflate_extents(...)
 {
 <...
- flush_tlb_all();
 ...>
 }

// mutant: the TLBs are flushed on every kind of guest
@@
@@
 inflate_extents(...)
 {
 <...
 if (xen_pv_domain()) {
 ...
- flush_tlb_all();
 ...
 }
+ flush_tlb_all();
 ...>
 }

// mutant: the frames of a PV block are not saved
@@
expression j, nr;
@@
 save_frames(...)
 {
 <...
- j < nr
+ j < 1
 ...>
 }

// mutant: kmaps stay
@@
@@
- kmap_flush_unused();

// mutant: inflation is not accounted
@@
expression b, nr_pages;
@@
 inflate_extents(...)
 {
 <...
- b->current_pages -= nr_pages;
 ...>
 }

// mutant: the size changes outside the lock (threads)
@@
expression b, nr_pages;
@@
 inflate_extents(...)
 {
 <...
 balloon_lock(b);
 ...
- b->current_pages -= nr_pages;
 balloon_unlock(b);
+ b->current_pages -= nr_pages;
 ...>
 }

// mutant: pages are not scrubbed
@@
expression gfp;
@@
- gfp |= __GFP_ZERO;

// mutant: pages are scrubbed during a populate-on-demand boot
@@
expression b;
@@
- READ_ONCE(xen_scrub_pages) && !READ_ONCE(b->pod_boot)
+ READ_ONCE(xen_scrub_pages)

// mutant: memory is compacted for blocks
@@
expression gfp;
@@
- gfp & ~__GFP_RECLAIM
+ gfp

// mutant: inflation uses no blocks
@@
expression b, nr_blocks;
@@
 balloon_inflate(...)
 {
 <...
- nr_blocks && !b->blocks_refused
+ 0
 ...>
 }

// mutant: a split block repeats a page
@@
expression pages, i, j, k;
@@
 split_blocks(...)
 {
 <...
 pages[k] = pages[i] +
- j
+ (j ? j - 1 : 0)
 ;
 ...>
 }

// mutant: on PV the pages that Xen refused keep no mapping
@@
expression nr_mapped;
expression list E;
@@
 undo_inflate(...)
 {
 <...
- nr_mapped = xenmem_pv_map(E);
 ...>
 }

// mutant: blocks are taken although the guest has nothing left
@@
expression b;
@@
- if (!balloon_hold(b, BLOCK_PAGES))
-	break;
+ balloon_hold(b, BLOCK_PAGES);

// mutant: readers of any page are not waited for
@@
@@
- page_offline_begin();

// mutant: the last pages of the guest go to Xen
@@
expression b;
@@
- !balloon_let_go(b)
+ !balloon_let_go(b) && 0

// mutant: single pages go instead of the blocks that came back
@@
expression b, left;
@@
- left && !READ_ONCE(b->gave_way)
+ left

// mutant: a guest that once ran out of memory gives nothing to Xen any more
@@
expression b;
@@
 balloon_inflate(...)
 {
 <...
- b->gave_way = false;
 ...>
 }

// -- Deflate -----------------------------------------------------------------

// mutant: a host without blocks is asked for some with each batch
@@
expression b, order, E;
@@
 deflate_extents(...)
 {
 <...
 if (order)
-	b->blocks_refused = E;
+	;
 ...>
 }

// mutant: deflation accounts extents, not pages
@@
expression b, nr, order;
type T;
@@
 deflate_extents(...)
 {
 <...
- b->current_pages += (T)nr << order;
+ b->current_pages += nr;
 ...>
 }

// mutant: extents that Xen did not populate are lost
@@
expression b;
expression list E;
@@
 deflate_extents(...)
 {
 <...
- balloon_store_put_all(b, E);
 ...>
 }

// mutant: deflation uses no blocks
@@
expression b, nr_blocks;
@@
 balloon_deflate(...)
 {
 <...
- nr_blocks && !b->blocks_refused
+ 0
 ...>
 }

// mutant: extents populated by Xen are not counted
@@
expression list E;
@@
 deflate_extents(...)
 {
 <...
- balloon_count_extents(E);
 ...>
 }

// mutant: extents populated by Xen count as released
@@
expression b;
@@
 deflate_extents(...)
 {
 <...
 balloon_count_extents(b,
- BALLOON_TO_GUEST
+ BALLOON_TO_XEN
 , ...)
 ...>
 }

// mutant: the way back of extents that cannot be mapped is not counted
@@
expression b, first, nr, order;
@@
 undo_deflate(...)
 {
 <...
- release(b, first, nr, order)
+ xenmem_release(b->frames + first, nr, order)
 ...>
 }

// mutant: waiters for pages are not woken for those that Xen did not populate
@@
expression b;
@@
 deflate_extents(...)
 {
 <...
- wake_up(&b->arrivals);
 ...>
 }

// -- Hypercalls --------------------------------------------------------------

// mutant: a negative result is a count
@@
expression done, most;
@@
 xenmem_populate(...)
 {
 <...
- clamp(done, 0, most)
+ done
 ...>
 }

// mutant: orders of extents are orders of pages
@@
expression order;
@@
 change_reservation(...)
 {
 <...
- extent_order(order)
+ order
 ...>
 }

// -- PV: p2m and page tables -------------------------------------------------

// mutant: the updates of the last batch are not sent
@@
expression rc, u;
@@
 xenmem_pv_map(...)
 {
 <...
- if (!rc)
-	rc = pv_flush(u);
 ...>
 }

// mutant: the pages of a table that was put back do not count
@@
expression u, rc, nr_pages;
@@
 map_extent(...)
 {
 <...
- u->nr_done += rc ? 0 : nr_pages;
 ...>
 }

// mutant: a table stays pinned
@@
expression table;
@@
- pin_table(table, MMUEXT_UNPIN_TABLE)
+ 0

// mutant: a table is put back unpinned
@@
expression table;
@@
 reinstate_table(...)
 {
 <...
- pin_table(table, MMUEXT_PIN_L1_TABLE)
+ 0
 ...>
 }

// mutant: a table is put back writable
@@
expression table;
@@
 reinstate_table(...)
 {
 <...
- map_table(table, PAGE_KERNEL_RO)
+ 0
 ...>
 }

// mutant: a table that is put back is not cleared
@@
expression entry;
@@
 reinstate_table(...)
 {
 <...
- clear_page(entry);
 ...>
 }

// mutant: a table that cannot be taken stays idle
@@
expression pmd;
identifier was;
@@
 retire_table(...)
 {
 <...
- hook_table(pmd, was);
 ...>
 }

// mutant: a table that cannot be taken is remembered
@@
expression E;
@@
 retire_table(...)
 {
 <...
- xa_erase(&idle_tables, E);
 ...>
 }

// mutant: blocks are mapped page by page
@@
expression order, E;
@@
 map_extent(...)
 {
 <...
- order == BLOCK_ORDER && E
+ 0
 ...>
 }

// mutant: single pages are mapped without their table
@@
expression pfn;
@@
 map_extent(...)
 {
 <...
- have_table(pfn)
+ 0
 ...>
 }

// mutant: pages are lent without their table
@@
expression pfn;
@@
 xenmem_pv_prepare(...)
 {
 <...
- have_table(pfn)
+ 0
 ...>
 }

// mutant: the address of a table is kept too long
@@
expression u, E;
@@
 pv_queue(...)
 {
 <...
- u->table != E
+ !u->table
 ...>
 }

// mutant: a table that is not there is written
@@
expression pmd;
@@
- if (WARN_ON_ONCE(!pmd_present(pmd)))
-	return -EFAULT;

// mutant: p2m entries stay
@@
expression pfn;
@@
 xenmem_pv_unmap(...)
 {
 <...
- set_phys_to_machine(pfn, INVALID_P2M_ENTRY);
 ...>
 }

// mutant: updates that Xen accepted before an error do not count
@@
expression u, rc, done;
@@
 pv_flush(...)
 {
 <...
- rc ? done : u->nr
+ rc ? 0 : u->nr
 ...>
 }

// mutant: a page that faults can be freed
@@
expression page;
@@
 __xenmem_reservation_va_mapping_update(...)
 {
 <...
- get_page(page);
 ...>
 }

// mutant: changes of whole tables are not counted
@@
@@
 hook_table(...)
 {
 <...
- count_hypercall();
 ...>
 }

// mutant: changes of entries are not counted
@@
@@
 pv_flush(...)
 {
 <...
- count_hypercall();
 ...>
 }

// -- Pages for other drivers -------------------------------------------------

// mutant: lent pages stay offline
@@
expression page;
@@
 hand_out(...)
 {
 <...
- balloon_mark_online(page, 0);
 ...>
 }

// mutant: pages that come back are not offline
@@
expression page;
@@
 take_back(...)
 {
 <...
- balloon_mark_offline(page, 0);
 ...>
 }

// mutant: lent pages are not counted
@@
expression b, nr_pages;
@@
- b->nr_unpopulated += nr_pages;

// mutant: a failed request stays counted
@@
expression b, i, nr_taken, nr_asked;
statement S;
@@
 take_back(...)
 {
 <...
 for (i = 0; i < nr_taken; i++) S
 b->nr_unpopulated -=
- nr_asked
+ nr_taken
 ;
 ...>
 }

// mutant: a failed request keeps its pages
@@
expression b, pages, nr_taken, nr_pages;
@@
 xen_alloc_ballooned_pages(...)
 {
 <...
 take_back(b, pages,
- nr_taken
+ 0
 , nr_pages)
 ...>
 }

// mutant: a request larger than memory is tried
@@
expression E;
@@
 inflate_for_handout(...)
 {
 <...
- if (si_mem_available() < E)
-	return -ENOMEM;
 ...>
 }

// mutant: the worker sleeps when pages come back
@@
expression wake, b;
@@
 take_back(...)
 {
 <...
- if (wake)
-	balloon_wake(b);
 ...>
 }

// mutant: a lock is not released
@@
expression b;
@@
 xen_alloc_ballooned_pages(...)
 {
 <...
- mutex_unlock(&b->batch_lock);
 ...>
 }

// mutant: the wait for pages holds the lock
@@
expression rc, b;
@@
 xen_alloc_ballooned_pages(...)
 {
 <...
- rc = wait_for_arrivals(b);
+ {
+	mutex_lock(&b->batch_lock);
+	rc = wait_for_arrivals(b);
+	mutex_unlock(&b->batch_lock);
+ }
 ...>
 }

// mutant: a count changes outside the lock (threads)
@@
expression b, nr_pages;
@@
- balloon_lock(b);
 b->nr_unpopulated += nr_pages;
+ balloon_lock(b);
 balloon_unlock(b);

// mutant: the worker does not wake when a refill leaves pages over
@@
expression E;
@@
 can_grow(...)
 {
 <...
- return E;
+ return false;
 ...>
 }

// mutant: a request waits for pages that the guest cannot spare
@@
expression v;
@@
- max(v.target, v.current_pages)
+ v.target

// mutant: a negative number is a large one
@@
expression nr_pages;
@@
 alloc_xenballooned_pages(...)
 {
 <...
- if (nr_pages < 0)
-	return -EINVAL;
 ...>
 }

// mutant: more is inflated for a caller than a batch holds
@@
expression nr_pages;
@@
 inflate_for_handout(...)
 {
 <...
- min(nr_pages, BATCH_EXTENTS)
+ nr_pages
 ...>
 }

// mutant: the guest gives up pages for a caller that only waited for the lock
@@
expression b, nr;
expression list E;
@@
 xen_alloc_ballooned_pages(...)
 {
 <...
 mutex_lock(&b->batch_lock);
- nr += hand_out(E);
 ...>
 }

// mutant: pages that cannot be lent are no event
@@
expression nr_pages, rc;
@@
- trace_xen_balloon_alloc(nr_pages, rc);
+ if (!rc)
+	trace_xen_balloon_alloc(nr_pages, rc);

// mutant: pages that come back are no event
@@
expression nr_pages;
@@
- trace_xen_balloon_free(nr_pages);

// -- Hotplug -----------------------------------------------------------------

// mutant: new sections are not counted
@@
expression b, nr_pages;
@@
- b->total_pages += nr_pages;

// mutant: a failed resource stays
@@
expression res;
@@
 balloon_hotplug(...)
 {
 <...
- release_sections(res);
 ...>
 }

// mutant: memory is added without the hotplug lock
@@
@@
- lock_device_hotplug();

// mutant: the p2m of new sections is stale
@@
expression list E;
@@
 balloon_hotplug(...)
 {
 <...
- invalidate_p2m(E)
+ 0
 ...>
 }

// mutant: only the first block comes online
@@
expression page, end, step;
statement S;
@@
 online_page(...)
 {
 <...
 for (; page < end;
- page += 1UL << step
+ page = end
 ) S
 ...>
 }

// mutant: pieces smaller than a block are blocks
@@
expression order;
@@
 online_page(...)
 {
 <...
- order < BLOCK_ORDER ? 0 : BLOCK_ORDER
+ BLOCK_ORDER
 ...>
 }

// mutant: the worker sleeps when memory comes online
@@
expression action;
statement S;
@@
 memory_event(...)
 {
 <...
 if (
- action == MEM_ONLINE
+ 0
 ) S
 ...>
 }

// mutant: a failed start leaves the hotplug notifier
@@
@@
 balloon_hotplug_init(...)
 {
 <...
- unregister_memory_notifier(&memory_notifier);
 ...>
 }

// mutant: all memory that comes online belongs to the balloon
@@
expression b, nr;
@@
- !xa_load(&b->fresh, nr)
+ 0

// mutant: sections stay fresh
@@
expression list E;
@@
 memory_event(...)
 {
 <...
- forget_fresh(E);
 ...>
 }

// mutant: sections are forgotten before their pages are online
@@
expression action;
@@
 memory_event(...)
 {
 <...
 action ==
- MEM_ONLINE
+ MEM_GOING_ONLINE
 ...>
 }

// mutant: sections of a failed hotplug stay fresh
@@
expression list E;
@@
 balloon_hotplug(...)
 {
 <...
- forget_fresh(E);
 ...>
 }

// mutant: a lack of addresses for sections is no event
@@
expression nr_pages, rc;
@@
- trace_xen_balloon_hotplug(0, nr_pages, rc);

// mutant: new sections are no event
@@
expression nr_pages, rc;
identifier pfn;
@@
- trace_xen_balloon_hotplug(pfn, nr_pages, rc);

// -- The worker and its targets ----------------------------------------------

// mutant: the statistics lag
@@
expression b;
@@
 balloon_unlock(...)
 {
 <...
- fill_stats(b, &balloon_stats);
 ...>
 }

// mutant: a new target does not wake the worker
@@
expression b;
@@
 balloon_set_new_target(...)
 {
 <...
- balloon_wake(b);
 ...>
 }

// mutant: a new target does not start afresh
@@
expression b;
@@
 balloon_set_new_target(...)
 {
 <...
- balloon_schedule_restart(&b->schedule);
 ...>
 }

// mutant: a short batch is a success
@@
expression moved, nr_pages, plan;
@@
 balloon_work(...)
 {
 <...
 if (moved < nr_pages)
-	plan.outcome = BALLOON_EAGAIN;
+	;
 ...>
 }

// mutant: a batch for which Xen had no memory is a success
@@
expression moved, plan;
@@
 balloon_work(...)
 {
 <...
 if (!moved)
-	plan.outcome = BALLOON_EAGAIN;
+	;
 ...>
 }

// mutant: quarantined pages can be populated
@@
expression b;
@@
- b->total_pages - b->nr_quarantined
+ b->total_pages

// mutant: the worker is not frozen
@@
@@
- WQ_FREEZABLE | WQ_UNBOUND
+ WQ_UNBOUND

// mutant: the worker waits for xenstore
@@
expression name, flags;
@@
 alloc_workqueue(name, flags,
- 0
+ 2
 )

// mutant: blocks are never tried again
@@
expression b;
@@
 balloon_work(...)
 {
 <...
- b->blocks_refused = false;
 ...>
 }

// mutant: a new target begins with a batch of the size of the last one
@@
expression b;
@@
 balloon_work(...)
 {
 <...
- b->batch = BLOCK_PAGES;
 ...>
 }

// mutant: a whole batch is touched when init_on_alloc is on
@@
expression b;
@@
- if (b->pod_boot && want_init_on_alloc(GFP_KERNEL))
-	return BLOCK_PAGES;

// mutant: a populate-on-demand boot rests
@@
expression b;
@@
- b->pod_boot ? 0 : b->oom_s
+ b->oom_s

// mutant: the worker tells the toolstack nothing
@@
@@
 balloon_work(...)
 {
 <...
- balloon_report();
 ...>
 }

// mutant: the sysfs bound is set without the lock (threads)
@@
expression count;
@@
- balloon_lock(&xen_balloon);
 xen_balloon.schedule.max_count = count;
+ balloon_lock(&xen_balloon);
 balloon_unlock(&xen_balloon);

// mutant: the event of a target has the new one twice
@@
expression b, pages;
@@
 balloon_set_new_target(...)
 {
 <...
- trace_xen_balloon_target(b->target_pages, pages, _RET_IP_);
 ...
 b->target_pages = pages;
+ trace_xen_balloon_target(b->target_pages, pages, _RET_IP_);
 ...>
 }

// mutant: a state of the worker is no event
@@
expression list E;
@@
 balloon_work(...)
 {
 <...
- trace_xen_balloon_state(E);
 ...>
 }

// mutant: a new target leaves the state without an event
@@
expression list E;
@@
 balloon_set_new_target(...)
 {
 <...
- trace_xen_balloon_state(E);
 ...>
 }

// mutant: a clamped target is no event
@@
expression list E;
@@
 clamp_target(...)
 {
 <...
- trace_xen_balloon_target(E);
 ...>
 }

// mutant: the worker does not look for strays
@@
expression b;
@@
 balloon_work(...)
 {
 <...
- balloon_remove_strays(b);
 ...>
 }

// -- Boot --------------------------------------------------------------------

// mutant: frames of Xen count as pages
@@
expression frames;
@@
 count_boot_pages(...)
 {
 <...
- frames / XEN_PFN_PER_PAGE
+ frames
 ...>
 }

// mutant: released pages count
@@
expression pages;
type T;
@@
- pages - (T)xen_released_pages
+ pages

// mutant: the floor of a populate-on-demand guest is above the backed memory
@@
expression backed;
@@
 balloon_begin_pod_boot(...)
 {
 <...
- xen_balloon.floor = min(xen_balloon.floor, backed);
 ...>
 }

// mutant: a populate-on-demand boot waits for a target below its floor
@@
expression info;
@@
- max(info.stats.target_pages, info.floor)
+ info.stats.target_pages

// mutant: the boot does not wait
@@
expression b, E;
@@
 balloon_wait_boot(...)
 {
 <...
- !READ_ONCE(b->pod_boot) || E
+ 1
 ...>
 }

// mutant: a populate-on-demand boot never ends
@@
expression b;
@@
 balloon_wait_boot(...)
 {
 <...
- WRITE_ONCE(b->pod_boot, false);
 ...>
 }

// mutant: a stuck boot waits for ever
@@
expression list E;
@@
- panic(E)
+ pr_notice(E)

// mutant: the toolstack is not told that the boot is over
@@
@@
 balloon_wait_boot(...)
 {
 <...
- balloon_report();
 ...>
 }

// mutant: no strays are expected
@@
expression b;
@@
 balloon_wait_boot(...)
 {
 <...
- balloon_strays_init(b);
 ...>
 }

// mutant: a failed start leaves the queue of the worker
@@
expression b;
@@
- destroy_workqueue(b->wq);

// mutant: a failed start leaves the OOM notifier
@@
@@
 balloon_init(...)
 {
 <...
- balloon_pressure_exit();
 ...>
 }

// mutant: an early user is refused
@@
@@
 balloon_is_up(...)
 {
 <...
- balloon_init_state();
 ...>
 }

// mutant: the floor is above the size of the guest
@@
expression b, E;
@@
- min(E, b->current_pages)
+ E

// mutant: a guest of nothing but extra regions starts
@@
expression extra, pages;
@@
 balloon_init_state(...)
 {
 <...
- extra >= pages
+ extra > pages
 ...>
 }

// -- sysfs -------------------------------------------------------------------

// mutant: anybody may write
@@
@@
- if (!capable(CAP_SYS_ADMIN))
-	return -EPERM;

// mutant: text after a NUL is ignored
@@
expression buf, count;
@@
- if (strlen(buf) != count)
-	return -EINVAL;

// mutant: a shifted target may overflow
@@
expression bytes, shift;
@@
 parse_bytes(...)
 {
 <...
- if (*bytes > U64_MAX >> shift)
-	return -ERANGE;
 ...>
 }

// mutant: E is a suffix of hexadecimal numbers
@@
@@
- "KMGTP"
+ "KMGTPE"

// mutant: a target_kb wraps
@@
expression kb;
@@
 parse_kb(...)
 {
 <...
- if (kb > U64_MAX >> 10)
-	return -ERANGE;
 ...>
 }

// mutant: a delay of 0 is taken
@@
expression seconds;
@@
- !seconds || seconds > LONGEST_DELAY_S
+ seconds > LONGEST_DELAY_S

// mutant: a failed start leaves the bus
@@
expression dev;
@@
 put_device(dev);
- bus_unregister(&xen_memory_bus);

// mutant: low_kb shows highmem
@@
expression dev;
@@
 dev->release = balloon_dev_release;
+ dev_attr_low_kb.show = dev_attr_high_kb.show;

// -- xenstore ----------------------------------------------------------------

// mutant: keys that cannot be true are believed
@@
expression counts;
@@
- balloon_believe(&counts);

// mutant: the difference is learned again with each target
@@
@@
- !toolstack.learned
+ 1

// mutant: the difference is ignored
@@
expression target_kb, pages;
@@
 balloon_target_from_kb(target_kb,
- toolstack.difference
+ 0
 , pages)

// mutant: text from xenstore is not freed
@@
expression text;
@@
 read_memory_key(...)
 {
 <...
- kfree(text);
 ...>
 }

// mutant: a guest that was built short seeks pages that it has no place for
@@
expression pages;
@@
 follow_target(...)
 {
 <...
- pages = min(pages, xen_balloon.boot_pages);
 ...>
 }

// mutant: a size beyond any machine is believed
@@
expression rc, kb;
@@
- if (!rc && KB_TO_PAGES(kb) > balloon_max_target())
-	rc = -ERANGE;

// mutant: the toolstack is told the numbers of the guest
@@
expression pages;
type T;
@@
 tell_kb(...)
 {
 <...
- (T)pages + toolstack.difference
+ (T)pages
 ...>
 }

// mutant: the same is told again and again
@@
expression info;
@@
- if (!xchg(&toolstack.outdated, false) && is_reported(info))
-	return;

// mutant: nothing is told after a migration
@@
@@
 follow_target(...)
 {
 <...
- WRITE_ONCE(toolstack.outdated, true);
 ...>
 }

// mutant: the toolstack is told at once, each time
@@
expression wq;
@@
 queue_delayed_work(wq, &toolstack.report,
- HZ
+ 0
 )

// mutant: XAPI counts on a booting guest
@@
expression info, E;
@@
 tell(...)
 {
 <...
- info->booted && E
+ E
 ...>
 }

// mutant: XAPI counts on a moving guest
@@
expression info;
@@
- info->booted && info->progress != BALLOON_MOVING
+ info->booted

// mutant: a target that could not be read is not read again
@@
@@
- if (is_unread())
-	take_up_target();

// mutant: a target that was missed overtakes a newer one
@@
expression seq;
@@
- toolstack.unread && toolstack.unread_seq == seq
+ toolstack.unread

// mutant: a report that failed is not repeated
@@
expression info;
statement S;
@@
- if (tell(info)) S
+ tell(info);

// mutant: a report that is not permitted is repeated again and again
@@
expression rc_data, rc_control;
@@
- rc_data == -ENOMEM || rc_control == -ENOMEM
+ rc_data || rc_control

// mutant: sizes are told before they have a meaning
@@
@@
- if (!smp_load_acquire(&toolstack.learned))
-	return;

// -- When the guest runs out of memory ---------------------------------------

// mutant: pages are promised twice
@@
expression b;
@@
 out_of_memory_soon(...)
 {
 <...
- b->nr_held = 0;
 ...>
 }

// mutant: a promise is not kept
@@
expression b;
@@
- b->gave_way = true;

// mutant: the balloon gives way unasked
@@
expression b, freed;
@@
- !*freed && READ_ONCE(b->deflate_on_oom)
+ !*freed

// mutant: memory that was taken back from Xen stays for ever
@@
expression b;
@@
 deflate_a_little(...)
 {
 <...
- balloon_wake(b);
 ...>
 }

// mutant: the holder of the lock waits for itself
@@
expression b;
@@
- if (!mutex_trylock(&b->batch_lock))
-	return 0;
+ mutex_lock(&b->batch_lock);

// mutant: strays are overlooked when the guest runs out of memory
@@
expression b;
@@
 deflate_a_little(...)
 {
 <...
- !READ_ONCE(b->resumed)
+ 1
 ...>
 }

// -- Statistics --------------------------------------------------------------

// mutant: a refusal is not counted
@@
expression e;
@@
- e->refusals++;

// mutant: a refusal counts for the other order
@@
expression order, moves;
@@
 balloon_count_extents(...)
 {
 <...
- order ? &moves->blocks : &moves->singles
+ order ? &moves->singles : &moves->blocks
 ...>
 }

// mutant: an extent that Xen is asked for again is not counted again
@@
expression e, nr_asked, nr_done;
@@
 balloon_count_extents(...)
 {
 <...
- e->asked += nr_asked;
+ e->asked += nr_done;
 e->done += nr_done;
 ...>
 }

// mutant: the extents of the last batch count again
@@
expression b, size;
@@
- memset(b->batch_moves, 0, size);

// mutant: the longest batch is the last
@@
expression sum, m;
@@
- max(sum->longest_us, m->us)
+ m->us

// mutant: the time of one direction counts for the other
@@
expression moves, direction;
@@
- moves[direction].us
+ moves[1 - direction].us

// mutant: the way back of extents that cannot be mapped is no event
@@
expression moves, i, E;
@@
 balloon_end_batch(...)
 {
 <...
- E || moves[i].hypercalls
+ E
 ...>
 }

// mutant: the way back of extents that cannot be mapped is not added
@@
expression sum, batch;
identifier i, direction;
@@
 balloon_end_batch(..., enum balloon_direction direction, ...)
 {
 <...
- add_moves(sum, &batch[i]);
+ if (i == direction)
+	add_moves(sum, &batch[i]);
 ...>
 }

// mutant: vmstat counts extents
@@
expression m;
@@
- m->blocks.done * BLOCK_PAGES
+ m->blocks.done

// mutant: inflate and deflate are swapped
@@
expression b, s;
@@
 show_moves(s, "inflate", &b->moves[
- BALLOON_TO_XEN
+ BALLOON_TO_GUEST
 ])

// mutant: batches are added outside the lock (threads)
@@
expression b;
statement S;
@@
 balloon_end_batch(...)
 {
 <...
- balloon_lock(b);
 S
- balloon_unlock(b);
 ...>
 }

// mutant: the file is read outside the lock (threads)
@@
expression b;
@@
 stats_show(...)
 {
 <...
(
- balloon_lock(b);
|
- balloon_unlock(b);
)
 ...>
 }

// mutant: the statistics show the pages in the store as lent
@@
expression s, text, b;
@@
 seq_printf(s, text,
- b->nr_unpopulated
+ b->nr_low
 )

// -- Strays ------------------------------------------------------------------

// mutant: only leading strays are found
@@
expression i, nr, done;
@@
 release_strays(...)
 {
 <...
 for (i = 0; i < nr; i++) {
 ...
- i += done;
+ i += done ? done : nr;
 ...
 }
 ...>
 }

// mutant: strays among single pages stay
@@
expression b, found;
expression list E;
@@
 sweep_store(...)
 {
 <...
- found += sweep(b, 0, E);
 ...>
 }

// mutant: blocks are split to look through them
@@
expression b, wanted, list;
@@
- sweep(b, BLOCK_ORDER, wanted, list)
+ 0

// mutant: the store is turned round
@@
expression page, swept;
@@
 sweep(...)
 {
 <...
- list_add(page, swept)
+ list_add_tail(page, swept)
 ...>
 }

// mutant: the same strays are looked for again and again
@@
expression b;
@@
 balloon_remove_strays(...)
 {
 <...
- WRITE_ONCE(b->resumed, false);
 ...>
 }

// mutant: strays are looked for all the time
@@
expression b;
@@
 balloon_remove_strays(...)
 {
 <...
- if (!READ_ONCE(b->resumed))
-	return;
 ...>
 }

// mutant: the memory that a domain has beside its pages counts as strays
@@
expression b, E;
@@
 balloon_remove_strays(...)
 {
 <...
- E - b->apart
+ E
 ...>
 }

// mutant: PV frames count as strays
@@
expression E;
@@
 balloon_strays_init(...)
 {
 <...
- xen_pv_domain() || E
+ E
 ...>
 }

// mutant: an error counts as a number of pages
@@
expression pages;
statement S;
@@
 balloon_strays_init(...)
 {
 <...
- if (pages >= 0)
 S
 ...>
 }

// mutant: a large balloon is looked through to its end
@@
expression misses, E;
@@
- E && misses < MAX_MISSES
+ E

// mutant: the worker sleeps on after a resume
@@
@@
 resumed(...)
 {
 <...
- balloon_wake(&xen_balloon);
 ...>
 }

// mutant: waiters for pages are not woken for those that were looked through
@@
expression b;
@@
 put_back(...)
 {
 <...
- wake_up(&b->arrivals);
 ...>
 }
