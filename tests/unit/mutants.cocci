// SPDX-License-Identifier: GPL-2.0-only OR MIT
//
// Small wrong changes to the driver. The cases must catch each of them.
//
// A mutant begins with a line "// mutant: NAME"; a semantic patch follows. An
// example in Documentation/adding-tests.rst tells how one is added.

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
 balloon_plan_deflate(...)
 {
 <...
- v->target - v->current_pages
+ v->target - v->current_pages - 1
 ...>
 }

// mutant: unpopulated pages do not count for hotplug
@@
expression v;
@@
 balloon_plan_deflate(...)
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
 balloon_plan_deflate(...)
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
 balloon_plan_deflate(...)
 {
 <...
 if (!nr_pages)
	return (struct balloon_plan) { .outcome =
- BALLOON_STATE_SHORT
+ BALLOON_STATE_WAITING
	};
 ...>
 }

// mutant: the clamp forgets unpopulated pages
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
expression available, excess, kept;
@@
- min(excess, available - min(available, kept))
+ excess

// mutant: inflation ignores the size of a batch
@@
expression spare, batch;
@@
 balloon_plan_inflate(...)
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
- spare < min(excess, v->batch) || v->pressure == BALLOON_PRESSURE_SOME
+ v->pressure == BALLOON_PRESSURE_SOME

// mutant: a lack of available memory is final
@@
expression v, spare;
@@
 if (!spare || v->pressure == BALLOON_PRESSURE_ACUTE)
	return (struct balloon_plan) { .outcome =
- BALLOON_STATE_SHORT
+ BALLOON_STATE_STOPPED
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
- !spare || v->pressure == BALLOON_PRESSURE_ACUTE
+ !spare

// mutant: inflation is not careful after the guest ran out of memory
@@
expression v, batch;
@@
- if (v->pressure == BALLOON_PRESSURE_SOME)
-	batch = balloon_slow_batch(v);

// mutant: inflation is careful for ever
@@
expression since;
@@
- since < PRESSURE_SOME_S
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
- outcome != BALLOON_STATE_SHORT || progress
+ outcome != BALLOON_STATE_SHORT
 ...>
 }

// mutant: the worker never looks again after it gave up
@@
@@
- return BALLOON_LOOK_S;
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
- clamp(fit, SUPERPAGE_PAGES, BATCH_PAGES)
+ BATCH_PAGES

// mutant: a batch may end within a superpage
@@
expression nr_pages;
@@
 balloon_next_batch(...)
 {
 <...
- round_down(nr_pages, SUPERPAGE_PAGES)
+ nr_pages
 ...>
 }

// mutant: a batch may be empty
@@
expression fit;
@@
- clamp(fit, SUPERPAGE_PAGES, BATCH_PAGES)
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
 balloon_is_overhead(...)
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
- balloon_is_overhead(pages) ? pages : 0
+ 0

// mutant: pages that Xen populates on demand are overhead
@@
expression pages;
@@
- balloon_is_overhead(pages) ? pages : 0
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
 balloon_fix_boot_counts(...)
 {
 <...
- c->static_max < c->first_target || E
+ E
 ...>
 }

// mutant: any static-max far above the size of the guest was raised
@@
expression c, E;
@@
 balloon_is_max_raised(...)
 {
 <...
- E && balloon_is_overhead((long)c->xen - ...)
+ E
 ...>
 }

// mutant: where static-max was raised the first target is believed
@@
expression c;
@@
- c->first_target = c->xen - c->videoram;

// mutant: a guest at its floor is looked at
@@
expression s;
@@
- s->reason == BALLOON_REASON_FLOOR ? BALLOON_NEVER : BALLOON_LOOK_S
+ BALLOON_LOOK_S

// mutant: a first target far above the size of the guest tells the maximum
@@
expression more;
@@
 balloon_fix_boot_counts(...)
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
 balloon_fix_boot_counts(...)
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

// mutant: a target that is no more than hidden is refused
@@
expression target, difference;
type T;
@@
 balloon_target_from_kb(...)
 {
 <...
- max((T)target - difference, 0)
+ (T)target - difference
 ...>
 }

// mutant: any hard limit below the target tells of a shim
@@
expression c;
@@
 balloon_learn_shim_pages(...)
 {
 <...
- c->hard_limit != c->xen
+ 0
 ...>
 }

// mutant: any hard limit that is the size of the guest tells of a shim
@@
expression c;
@@
 balloon_learn_shim_pages(...)
 {
 <...
- c->hard_limit >= c->first_target
+ 0
 ...>
 }

// mutant: a hard limit that is not known tells of a shim
@@
expression c;
@@
 balloon_learn_shim_pages(...)
 {
 <...
- !c->hard_limit
+ 0
 ...>
 }

// mutant: superpages are asked of a shim
@@
expression b;
@@
- b->config.in_shim ? 0 : b->batch.max_order
+ b->batch.max_order

// mutant: a shim is known by the toolstack's numbers alone
@@
expression d;
@@
- d || xenmem_pv_in_shim()
+ d

// mutant: any Xen that CPUID shows is a shim's
@@
expression eax;
@@
- return eax & XEN_HVM_CPUID_VCPU_ID_PRESENT;
+ return true;

// mutant: each event of a target is a new one
@@
expression pages, info;
@@
- if (info.target_pages != pages || info.state != BALLOON_STATE_MOVING)
  balloon_set_new_target(pages);

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

// -- The page list ----------------------------------------------------------

// mutant: highmem goes first
@@
expression page, list;
@@
 balloon_extents_add(...)
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
- PageHighMem(page) ? &b->mem.nr_high : &b->mem.nr_low
+ PageHighMem(page) ? &b->mem.nr_low : &b->mem.nr_high

// mutant: pages that were taken stay counted
@@
expression list E;
@@
 balloon_list_take_extents(...)
 {
 <...
- balloon_list_count_extents(E);
 ...>
 }

// mutant: NR_BALLOON_PAGES only rises
@@
expression b, pages, nr, order;
@@
 balloon_list_take_extents(...)
 {
 <...
 balloon_list_count_extents(b, pages, nr, order,
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

// mutant: the rest of a split extent is lost
@@
@@
 balloon_extents_take(...)
 {
 <...
- while (from-- > order)
-	balloon_extents_add(...);
 ...>
 }

// mutant: a split extent stays on its list
@@
expression b, page, from;
@@
 balloon_extents_take(...)
 {
 <...
- balloon_extents_remove(b, page, from);
 ...>
 }

// mutant: a driver gets highmem
@@
expression page, lowmem;
@@
- page && lowmem && PageHighMem(page) ? NULL : page
+ page

// mutant: pages in the page list are not offline
@@
expression page;
@@
- __SetPageOffline(page);

// mutant: pages stay offline on their way out of the page list
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

// mutant: extents do not join
@@
expression buddy;
@@
 balloon_extents_put(...)
 {
 <...
- if (!buddy)
-	break;
+ break;
 ...>
 }

// mutant: an extent joins a smaller one
@@
expression b, page, order, buddy;
@@
- page_private(buddy) != balloon_extents_mark(b, order) || page_zone(buddy) != page_zone(page)
+ !page_private(buddy) || page_zone(buddy) != page_zone(page)

// mutant: extents of two zones join
@@
expression b, page, order, buddy;
@@
- page_private(buddy) != balloon_extents_mark(b, order) || page_zone(buddy) != page_zone(page)
+ page_private(buddy) != balloon_extents_mark(b, order)

// mutant: a joined extent begins in its middle
@@
expression page, buddy;
@@
 balloon_extents_put(...)
 {
 <...
- page = min(page, buddy);
 ...>
 }

// mutant: a joined extent stays on its list
@@
expression b, buddy, order;
@@
 balloon_extents_put(...)
 {
 <...
- balloon_extents_remove(b, buddy, order);
 ...>
 }

// mutant: a large extent is split though there is a small one
@@
expression order;
@@
 balloon_extents_take(...)
 {
 ...
 unsigned int from =
- order
+ order ? order : 1
 ;
 ...
 }

// mutant: pages out of the page list look as if they were in it
@@
expression page;
@@
 balloon_extents_remove(...)
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
- b->mem.nr_quarantined += nr_pages;

// mutant: quarantined pages stay in the size
@@
expression b, nr_pages;
@@
 balloon_quarantine(...)
 {
 <...
- b->mem.current_pages -= nr_pages;
 ...>
 }

// mutant: managed pages do not follow inflation
@@
expression list E;
@@
 balloon_alloc_extents(...)
 {
 <...
- balloon_adjust_managed(E);
 ...>
 }

// mutant: managed pages count extents, not pages
@@
type T;
expression run, order;
@@
 balloon_adjust_managed(...)
 {
 <...
- (T)run << order
+ (T)run
 ...>
 }

// mutant: extents are not split into pages
@@
expression page, order;
@@
 balloon_alloc_larger(...)
 {
 <...
- split_page(page, order);
+ page;
 ...>
 }

// mutant: all pages of a superpage but the first keep their reference
@@
expression page;
@@
- page_ref_freeze(page, 1)
+ (page != NULL)

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
- swap(b->batch.pages[done], b->batch.pages[last]);

// mutant: refused frames are not swapped
@@
expression b, done, last;
@@
- swap(b->batch.frames[done], b->batch.frames[last]);

// mutant: a superpage that Xen half took is used again
@@
expression nr_unknown, E;
@@
 balloon_release_extents(...)
 {
 <...
 *nr_unknown =
- E
+ 0
 ;
 ...>
 }

// mutant: a superpage that Xen refused and left whole is quarantined
@@
expression before, after, b;
@@
- after = before < 0 ? -1 : balloon_count_frames(b);
+ after = -1;

// mutant: a doubt is settled without a count
@@
expression after, gone, order;
statement S;
@@
- if (after < 0 || *gone < 0 || *gone >> extent_order(order))
- S

// mutant: a refusal to take superpages is forgotten
@@
expression b, order;
@@
 balloon_release_extents(...)
 {
 <...
- if (order)
-	b->batch.max_order = balloon_next_order(order);
 ...>
 }

// mutant: Xen is asked for its count with each batch
@@
expression b, E;
@@
- b->batch.extents_proven = E;
+ b->batch.extents_proven = false;

// mutant: Xen is asked for its count during a populate-on-demand boot
@@
expression b, E;
@@
- READ_ONCE(b->mem.pod) || E
+ E

// mutant: single pages leave one by one
@@
expression order;
@@
 balloon_inflate_extents(...)
 {
 <...
- if (order || xen_pv_domain())
-	return balloon_release_batch(...);
+ return balloon_release_batch(b, nr, order);
 ...>
 }

// mutant: on PV neighbours leave in batches of their own
@@
expression order;
@@
 balloon_inflate_extents(...)
 {
 <...
- if (order || xen_pv_domain())
+ if (order)
	return balloon_release_batch(...);
 ...>
 }

// mutant: pages without a neighbour stay behind
@@
expression order;
@@
 balloon_release_joined(...)
 {
 <...
- order >= 0
+ order > 0
 ...>
 }

// mutant: an order that Xen refused is tried again with neighbours
@@
expression order, max;
@@
 balloon_release_joined(...)
 {
 <...
- order = min(order - 1, max)
+ order = order - 1
 ...>
 }

// mutant: p2m and mapping stay on PV
@@
expression list E;
@@
 balloon_release_batch(...)
 {
 <...
- xenmem_pv_unmap(E);
 ...>
 }

// mutant: the TLBs are not flushed
@@
@@
 balloon_release_batch(...)
 {
 <...
- flush_tlb_all();
 ...>
 }

// mutant: the TLBs are flushed on every kind of guest
@@
@@
 balloon_release_batch(...)
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

// mutant: the frames of a PV superpage are not saved
@@
expression j, nr;
@@
 balloon_save_frames(...)
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
 balloon_put_released(...)
 {
 <...
- b->mem.current_pages -= nr_pages;
 ...>
 }

// mutant: the size changes outside the lock (threads)
@@
expression b, nr_pages;
@@
 balloon_put_released(...)
 {
 <...
 balloon_lock(b);
 ...
- b->mem.current_pages -= nr_pages;
 balloon_unlock(b);
+ b->mem.current_pages -= nr_pages;
 ...>
 }

// mutant: PV extents come back as single pages
@@
@@
- all ? whole - order : 0
+ 0

// mutant: PV extents that Xen took in part come back whole
@@
@@
- all ? whole - order : 0
+ whole - order

// mutant: pages are not scrubbed
@@
expression gfp;
@@
- gfp |= __GFP_ZERO;

// mutant: pages are scrubbed during a populate-on-demand boot
@@
expression b;
@@
- READ_ONCE(xen_scrub_pages) && !READ_ONCE(b->mem.pod_boot)
+ READ_ONCE(xen_scrub_pages)

// mutant: memory is compacted for superpages
@@
expression gfp;
@@
- gfp & ~__GFP_RECLAIM
+ gfp

// mutant: inflation uses no superpages
@@
expression b, order, E;
@@
 balloon_inflate(...)
 {
 <...
 for (order =
- b->batch.max_order
+ 0
 ; E; ...) { ... }
 ...>
 }

// mutant: inflation uses superpages and single pages only
@@
expression b, order, left;
@@
 balloon_inflate(...)
 {
 <...
- nr = min(left >> order, ...);
+ nr = order && order < SUPERPAGE_ORDER ? 0 : min(left >> order, BATCH_EXTENTS);
 ...>
 }

// mutant: inflation goes on with orders that Xen refused
@@
expression b, order;
@@
 balloon_inflate(...)
 {
 <...
- min(order - 1, (int)b->batch.max_order)
+ order - 1
 ...>
 }

// mutant: a PV batch has more pages than its buffers
@@
expression nr_pages;
@@
 balloon_inflate(...)
 {
 <...
- nr_pages = min(nr_pages, BATCH_EXTENTS);
 ...>
 }

// mutant: a split extent repeats a page
@@
expression pages, i, j, k;
@@
 balloon_split_extents(...)
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
 balloon_undo_inflate(...)
 {
 <...
- nr_mapped = xenmem_pv_map(E);
 ...>
 }

// mutant: extents are taken although the guest has nothing left
@@
expression b, pages, order;
@@
- if (!balloon_hold(b, pages, 1, order))
-	break;
+ balloon_hold(b, pages, 1, order);

// mutant: readers of any page are not waited for
@@
@@
- page_offline_begin();

// mutant: readers of any page are not waited for when they take long
@@
expression b;
@@
- if (balloon_wait_for_readers(b))
+ if (balloon_wait_for_readers(b) || 1)
	return true;

// mutant: a wait for readers of before counts
@@
expression b, nr;
@@
- READ_ONCE(b->readers_done) == nr
+ READ_ONCE(b->readers_done) <= nr

// mutant: the last pages of the guest go to Xen
@@
expression b;
@@
 balloon_hold(...)
 {
 <...
- cancelled = b->mem.oom_cancelled;
+ cancelled = false;
 ...>
 }

// mutant: sections are added twice for two callers
@@
expression v;
@@
 balloon_hotplug_for_caller(...)
 {
 <...
- if (v.adding)
-	return true;
 ...>
 }

// mutant: the guest must be able to pay for sections that are being added
@@
expression v;
statement S;
@@
 balloon_plan_deflate(...)
 {
 <...
- if (v->adding) S
 ...>
 }

// mutant: a caller waits for sections that could not be added
@@
expression b, nr;
@@
 balloon_hotplug_for_caller(...)
 {
 <...
- if (READ_ONCE(b->mem.nr_add_failures) != nr)
-	return false;
 ...>
 }

// mutant: sections that could not be added are asked for at once
@@
expression b, reason;
@@
 balloon_hotplug_work(...)
 {
 <...
- b->mem.add_failure = reason;
 ...>
 }

// mutant: sections that could not be added are never asked for again
@@
expression b;
@@
 balloon_finish_pass(...)
 {
 <...
- b->mem.add_failure = BALLOON_REASON_NONE;
 ...>
 }

// mutant: a new target hears of sections that the last one asked for
@@
expression b;
@@
 balloon_set_new_target(...)
 {
 <...
- b->mem.add_failure = BALLOON_REASON_NONE;
 ...>
 }

// mutant: what the worker holds is said to be free and is not
@@
expression b;
expression list E;
@@
 balloon_cancel_inflate(...)
 {
 <...
- balloon_free_extents(E);
 ...>
 }

// mutant: single pages go instead of the superpages that came back
@@
expression b;
@@
 balloon_inflate(...)
 {
 <...
- b->batch.cut_short || READ_ONCE(b->mem.oom_cancelled)
+ b->batch.cut_short
 ...>
 }

// mutant: a guest that once ran out of memory gives nothing to Xen any more
@@
expression b;
@@
 balloon_inflate(...)
 {
 <...
- WRITE_ONCE(b->mem.oom_cancelled, false);
 ...>
 }

// -- Deflate -----------------------------------------------------------------

// mutant: a host without superpages is asked for some with each batch
@@
expression b, order, E;
@@
 balloon_deflate_extents(...)
 {
 <...
- if (E)
-	b->batch.max_order = balloon_next_order(order);
 ...>
 }

// mutant: after a refusal all of the batch is small extents
@@
expression left;
@@
- left = min(left, SUPERPAGE_PAGES);

// mutant: after a refusal the next batch is as large
@@
expression b, order;
@@
 balloon_pass(...)
 {
 <...
- if (b->batch.max_order < order)
-	b->batch.max_pages = SUPERPAGE_PAGES;
 ...>
 }

// mutant: after a superpage the next try is half of one
@@
expression order;
@@
- min(order - 1, MID_ORDER)
+ order - 1

// mutant: deflation accounts extents, not pages
@@
expression b, nr, order;
type T;
@@
 balloon_deflate_extents(...)
 {
 <...
- b->mem.current_pages += (T)nr << order;
+ b->mem.current_pages += nr;
 ...>
 }

// mutant: extents that Xen did not populate are lost
@@
expression b;
expression list E;
@@
 balloon_deflate_extents(...)
 {
 <...
- balloon_list_put_extents(b, E);
 ...>
 }

// mutant: deflation uses no superpages
@@
expression b;
@@
- b->config.in_shim ? 0 : b->batch.max_order
+ 0

// mutant: extents populated by Xen are not counted
@@
expression list E;
@@
 balloon_populate(...)
 {
 <...
- balloon_count_extents(E);
 ...>
 }

// mutant: extents populated by Xen count as released
@@
expression b;
@@
 balloon_populate(...)
 {
 <...
 balloon_count_extents(b,
- BALLOON_DIR_DEFLATE
+ BALLOON_DIR_INFLATE
 , ...)
 ...>
 }

// mutant: the way back of extents that cannot be mapped is not counted
@@
expression b, first, nr, order;
@@
 balloon_undo_deflate(...)
 {
 <...
- balloon_release(b, first, nr, order)
+ xenmem_release(b->batch.frames + first, nr, order)
 ...>
 }

// mutant: waiters for pages are not woken for those that Xen did not populate
@@
expression b;
@@
 balloon_deflate_extents(...)
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
 xenmem_change_reservation(...)
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
 pv_map_extent(...)
 {
 <...
- u->nr_done += rc ? 0 : nr_pages;
 ...>
 }

// mutant: a table stays pinned
@@
expression table;
@@
- pv_pin_table(table, MMUEXT_UNPIN_TABLE)
+ 0

// mutant: a table is put back unpinned
@@
expression table;
@@
 pv_reinstate_table(...)
 {
 <...
- pv_pin_table(table, MMUEXT_PIN_L1_TABLE)
+ 0
 ...>
 }

// mutant: a table is put back writable
@@
expression table;
@@
 pv_reinstate_table(...)
 {
 <...
- pv_map_table(table, PAGE_KERNEL_RO)
+ 0
 ...>
 }

// mutant: a table that is put back is not cleared
@@
expression entry;
@@
 pv_reinstate_table(...)
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
 pv_retire_table(...)
 {
 <...
- pv_hook_table(pmd, was);
 ...>
 }

// mutant: a table that cannot be taken is remembered
@@
expression E;
@@
 pv_retire_table(...)
 {
 <...
- xa_erase(&pv_idle_tables, E);
 ...>
 }

// mutant: superpages are mapped page by page
@@
expression order, E;
@@
 pv_map_extent(...)
 {
 <...
- order == SUPERPAGE_ORDER && E
+ 0
 ...>
 }

// mutant: single pages are mapped without their table
@@
expression pfn;
@@
 pv_map_extent(...)
 {
 <...
- pv_ensure_table(pfn)
+ 0
 ...>
 }

// mutant: unpopulated pages have no table
@@
expression pfn;
@@
 xenmem_pv_prepare(...)
 {
 <...
- pv_ensure_table(pfn)
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
 pv_hook_table(...)
 {
 <...
- pv_count_hypercall();
 ...>
 }

// mutant: changes of entries are not counted
@@
@@
 pv_flush(...)
 {
 <...
- pv_count_hypercall();
 ...>
 }

// -- Pages for other drivers -------------------------------------------------

// mutant: unpopulated pages stay offline
@@
expression page;
@@
 balloon_take_unpopulated(...)
 {
 <...
- balloon_mark_online(page, 0);
 ...>
 }

// mutant: pages that come back are not offline
@@
expression page;
@@
 balloon_put_unpopulated(...)
 {
 <...
- balloon_mark_offline(page, 0);
 ...>
 }

// mutant: unpopulated pages are not counted
@@
expression b, nr_pages;
@@
- b->mem.nr_unpopulated += nr_pages;

// mutant: a failed request stays counted
@@
expression b, i, nr_taken, nr_asked;
statement S;
@@
 balloon_put_unpopulated(...)
 {
 <...
 for (i = 0; i < nr_taken; i++) S
 b->mem.nr_unpopulated -=
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
 balloon_put_unpopulated(b, pages,
- nr_taken
+ 0
 , nr_pages)
 ...>
 }

// mutant: a request larger than memory is tried
@@
expression E;
@@
 balloon_inflate_for_caller(...)
 {
 <...
- if (balloon_available_pages() < E)
-	return -ENOMEM;
 ...>
 }

// mutant: the worker sleeps when pages come back
@@
expression wake, b;
@@
 balloon_put_unpopulated(...)
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
- mutex_unlock(&b->batch.lock);
 ...>
 }

// mutant: the wait for pages holds the lock
@@
expression rc, b, nr;
@@
 xen_alloc_ballooned_pages(...)
 {
 <...
- rc = balloon_wait_for_arrivals(b, nr);
+ {
+	mutex_lock(&b->batch.lock);
+	rc = balloon_wait_for_arrivals(b, nr);
+	mutex_unlock(&b->batch.lock);
+ }
 ...>
 }

// mutant: a count changes outside the lock (threads)
@@
expression b, nr_pages, nr;
@@
- balloon_lock(b);
 b->mem.nr_unpopulated += nr_pages;
+ balloon_lock(b);
 nr = b->mem.nr_add_failures;
 balloon_unlock(b);

// mutant: the worker does not wake when a refill leaves pages over
@@
expression E;
@@
 balloon_can_deflate(...)
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
 balloon_inflate_for_caller(...)
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
 mutex_lock(&b->batch.lock);
- nr += balloon_take_unpopulated(E);
 ...>
 }

// mutant: a refused allocation of unpopulated pages is no event
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
- b->mem.total_pages += nr_pages;

// mutant: a failed resource stays
@@
expression res;
@@
 balloon_hotplug(...)
 {
 <...
- balloon_free_range(res);
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
- balloon_invalidate_p2m(E)
+ 0
 ...>
 }

// mutant: only the first superpage comes online
@@
expression page, end, step;
statement S;
@@
 balloon_online_page(...)
 {
 <...
 for (; page < end;
- page += 1UL << step
+ page = end
 ) S
 ...>
 }

// mutant: pieces smaller than a superpage are superpages
@@
expression order;
@@
 balloon_online_page(...)
 {
 <...
- order < SUPERPAGE_ORDER ? 0 : SUPERPAGE_ORDER
+ SUPERPAGE_ORDER
 ...>
 }

// mutant: the worker sleeps when memory comes online
@@
expression action;
statement S;
@@
 balloon_memory_event(...)
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
- unregister_memory_notifier(&balloon_memory_notifier);
 ...>
 }

// mutant: all memory that comes online belongs to the balloon
@@
expression b, nr;
@@
- !xa_load(&b->new_sections, nr)
+ 0

// mutant: sections stay fresh
@@
expression list E;
@@
 balloon_memory_event(...)
 {
 <...
- balloon_forget_new_sections(E);
 ...>
 }

// mutant: sections are forgotten before their pages are online
@@
expression action;
@@
 balloon_memory_event(...)
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
- balloon_forget_new_sections(E);
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
- balloon_publish_stats(&b->mem, &balloon_stats);
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
- balloon_schedule_restart(&b->mem.schedule);
 ...>
 }

// mutant: a short batch is a success
@@
expression E;
@@
 balloon_act_inflate(...)
 {
 <...
- (E && !b->batch.cut_short)
+ false
 ...>
 }

// mutant: a batch for which Xen had no memory is a success
@@
expression moved, plan;
@@
 balloon_act(...)
 {
 <...
 if (!moved)
-	plan->outcome = BALLOON_STATE_SHORT;
+	;
 ...>
 }

// mutant: quarantined pages can be populated
@@
expression mem;
@@
- mem->total_pages - mem->nr_quarantined
+ mem->total_pages

// mutant: the worker is not frozen
@@
@@
- WQ_FREEZABLE | WQ_UNBOUND
+ WQ_UNBOUND

// mutant: the worker waits for sections that are being added
@@
expression name, flags;
@@
 alloc_workqueue(name, flags,
- 0
+ 2
 )

// mutant: superpages are never tried again
@@
expression b;
@@
 balloon_pass(...)
 {
 <...
- b->batch.max_order = SUPERPAGE_ORDER;
 ...>
 }

// mutant: a new target begins with a batch of the size of the last one
@@
expression b;
@@
 balloon_pass(...)
 {
 <...
- b->batch.max_pages = SUPERPAGE_PAGES;
 ...>
 }

// mutant: a whole batch is touched when init_on_alloc is on
@@
expression b;
@@
- if (READ_ONCE(b->mem.pod_boot) && want_init_on_alloc(GFP_KERNEL))
-	return SUPERPAGE_PAGES;

// mutant: a populate-on-demand boot rests
@@
expression v;
@@
- if (!v->pod_boot)
	v->pressure = ...;

// mutant: the worker tells the toolstack nothing
@@
@@
 balloon_pass(...)
 {
 <...
- balloon_call_observers(BALLOON_EVENT_CHANGED);
 ...>
 }

// mutant: the sysfs bound is set without the lock (threads)
@@
expression count;
@@
- balloon_lock(&xen_balloon);
 xen_balloon.mem.schedule.max_count = count;
+ balloon_lock(&xen_balloon);
 balloon_unlock(&xen_balloon);

// mutant: the event of a target has the new one twice
@@
expression b, pages;
@@
 balloon_set_new_target(...)
 {
 <...
- trace_xen_balloon_target(b->mem.target_pages, pages, _RET_IP_);
 ...
 b->mem.target_pages = pages;
+ trace_xen_balloon_target(b->mem.target_pages, pages, _RET_IP_);
 ...>
 }

// mutant: a state of the worker is no event
@@
expression list E;
@@
 balloon_finish_pass(...)
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
 balloon_clamp_target(...)
 {
 <...
- trace_xen_balloon_target(E);
 ...>
 }

// mutant: the worker does not look for repopulated pages
@@
expression b;
@@
 balloon_pass(...)
 {
 <...
- balloon_release_repopulated(b);
 ...>
 }

// -- Boot --------------------------------------------------------------------

// mutant: frames of Xen count as pages
@@
expression frames;
@@
 balloon_count_boot_pages(...)
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
expression backed, mem;
@@
 balloon_begin_pod_boot(...)
 {
 <...
- mem->floor = min(mem->floor, backed);
 ...>
 }

// mutant: a populate-on-demand boot waits for a target below its floor
@@
expression info;
@@
- max(info.target_pages, info.floor)
+ info.target_pages

// mutant: the boot does not wait
@@
expression b, E;
@@
 balloon_wait_boot(...)
 {
 <...
- !READ_ONCE(b->mem.pod_boot) || E
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
- WRITE_ONCE(b->mem.pod_boot, false);
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
expression b;
@@
  if (balloon_is_running())
 	balloon_resume_init(b);
- balloon_wake(b);

// mutant: no repopulated pages are expected
@@
expression b;
@@
 balloon_wait_boot(...)
 {
 <...
- balloon_resume_init(b);
 ...>
 }

// mutant: a failed start leaves the queue of the worker
@@
expression b;
@@
- destroy_workqueue(b->wq);

// mutant: a front end that cannot start hears of changes
@@
expression nb;
@@
- balloon_unregister_observer(nb);

// mutant: an early user is refused
@@
@@
 balloon_is_ready(...)
 {
 <...
- balloon_init_early();
 ...>
 }

// mutant: the floor is above the size of the guest
@@
expression mem, E;
@@
- min(E, mem->current_pages)
+ E

// mutant: a guest of nothing but extra regions starts
@@
expression extra, pages;
@@
 balloon_init_early(...)
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
 balloon_parse_bytes(...)
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

// mutant: a number beyond the bound of its file is taken
@@
expression value, file, max;
@@
- value < file->min || value > max
+ value < file->min

// mutant: a delay of 0 is taken
@@
expression value, file, max;
@@
- value < file->min || value > max
+ value > max

// mutant: a failed start leaves the bus
@@
expression dev;
@@
 put_device(dev);
- bus_unregister(&balloon_bus);

// mutant: low_kb shows highmem
@@
@@
- &xen_balloon.mem.nr_low
+ &xen_balloon.mem.nr_high

// -- xenstore ----------------------------------------------------------------

// mutant: keys that cannot be true are believed
@@
expression counts;
@@
- balloon_fix_boot_counts(&counts);

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
- xen_balloon.config.difference
+ 0
 , pages)

// mutant: text from xenstore is not freed
@@
expression text;
@@
 balloon_read_key(...)
 {
 <...
- kfree(text);
 ...>
 }

// mutant: a guest that was built short seeks pages that it has no place for
@@
expression pages;
@@
 balloon_follow_target(...)
 {
 <...
- pages = min(pages, xen_balloon.config.boot_pages);
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
 balloon_write_kb(...)
 {
 <...
- (T)pages + xen_balloon.config.difference
+ (T)pages
 ...>
 }

// mutant: the same is told again and again
@@
expression info;
@@
- if (!xchg(&toolstack.outdated, false) && balloon_is_reported(info))
-	return;

// mutant: nothing is told after a migration
@@
@@
 balloon_follow_target(...)
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
 balloon_write_report(...)
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
- info->booted && info->state != BALLOON_STATE_MOVING
+ info->booted

// mutant: a target that could not be read is not read again
@@
@@
- if (balloon_has_unread_target())
-	balloon_take_target();

// mutant: a target that was missed overtakes a newer one
@@
expression seq;
@@
- toolstack.unread && toolstack.unread_seq == seq
+ toolstack.unread

// mutant: a report that failed is not repeated
@@
identifier retry_s;
@@
 balloon_report(...)
 {
 <...
- if (!retry_s)
-	return;
+ return;
 ...>
 }

// mutant: a report is not repeated if it failed for another reason than memory
@@
identifier rc;
@@
 balloon_retry_write_s(int rc)
 {
+ if (rc != -ENOMEM)
+	return 0;
 ...
 }

// mutant: a report that is not permitted is repeated again and again
@@
identifier rc;
@@
 balloon_retry_write_s(int rc)
 {
+ if (rc)
+	return 1;
 ...
 }

// mutant: a report that xenbus prints a line for is repeated as soon as others
@@
@@
- return RETRY_REFUSED_S;
+ return RETRY_REPORT_S;

// mutant: nobody looks whether there is room for a report
@@
@@
- balloon_watch_own_nodes();

// mutant: the guest's folder is watched once more with each refusal
@@
@@
 balloon_watch_own_nodes(...)
 {
- if (toolstack.own_nodes.node)
-	return;
 ...
 }

// mutant: each change in the guest's folder repeats a report that was refused
@@
expression s;
@@
- WRITE_ONCE(toolstack.report_pause_s, clamp(s, 1U, RETRY_REPORT_S));

// mutant: news do not hasten a report that was refused
@@
@@
 balloon_queue_report(...)
 {
 <...
- mod_delayed_work
+ queue_delayed_work
  (...);
 ...>
 }

// mutant: an error of the second keys hides one of the first
@@
expression a, b;
@@
- min_not_zero(a, b)
+ b

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
 balloon_cancel_inflate(...)
 {
 <...
- b->mem.nr_held = 0;
 ...>
 }

// mutant: a promise is not kept
@@
expression b;
@@
- WRITE_ONCE(b->mem.oom_cancelled, true);

// mutant: the balloon gives way unasked
@@
expression b, freed;
@@
- !*freed && READ_ONCE(b->config.deflate_on_oom)
+ !*freed

// mutant: memory that was taken back from Xen stays for ever
@@
expression b;
@@
 balloon_oom_deflate(...)
 {
 <...
- balloon_wake(b);
 ...>
 }

// mutant: the holder of the lock waits for itself
@@
expression b;
@@
- if (!mutex_trylock(&b->batch.lock))
-	return 0;
+ mutex_lock(&b->batch.lock);

// mutant: repopulated pages are overlooked when the guest runs out of memory
@@
expression b;
@@
 balloon_oom_deflate(...)
 {
 <...
- !READ_ONCE(b->resumed)
+ 1
 ...>
 }

// -- Statistics --------------------------------------------------------------

// mutant: a refusal is not counted
@@
expression moves, order;
@@
- moves->refusals[order]++;

// mutant: extents count for another order
@@
expression order, moves;
@@
 balloon_count_extents(...)
 {
 <...
- moves->refusals[order]++;
+ moves->refusals[SUPERPAGE_ORDER - order]++;
 ...>
 }

// mutant: an extent that Xen is asked for again is not counted again
@@
expression moves, order;
@@
 balloon_count_extents(...)
 {
 <...
- moves->asked[order] += asked;
+ moves->asked[order] += done;
 ...>
 }

// mutant: the extents of the last batch count again
@@
expression b, size;
@@
- memset(b->batch.moves, 0, size);

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
- balloon_add_moves(sum, &batch[i]);
+ if (i == direction)
+	balloon_add_moves(sum, &batch[i]);
 ...>
 }

// mutant: vmstat counts extents
@@
expression m, order;
@@
- m->done[order] << order
+ m->done[order]

// mutant: the counters do not tell the extents in the list
@@
expression b, order;
@@
 balloon_extents_add(...)
 {
 <...
- b->nr[order]++;
 ...>
 }

// mutant: inflate and deflate are swapped
@@
expression b, s;
@@
 balloon_show_moves(s, "inflate", &b->mem.moves[
- BALLOON_DIR_INFLATE
+ BALLOON_DIR_DEFLATE
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
 balloon_stats_show(...)
 {
 <...
(
- balloon_lock(b);
|
- balloon_unlock(b);
)
 ...>
 }

// mutant: the counters show the pages in the list as unpopulated
@@
expression s, text, b;
@@
 seq_printf(s, text,
- b->mem.nr_unpopulated
+ b->mem.nr_low
 )

// -- Resume -----------------------------------------------------------------

// mutant: only leading repopulated pages are found
@@
expression i, nr, done;
@@
 balloon_sweep_extent(...)
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

// mutant: repopulated pages among single pages stay
@@
expression order;
@@
 balloon_sweep_list(...)
 {
 <...
- for (order = NR_EXTENT_ORDERS; order-- > 0;)
+ for (order = NR_EXTENT_ORDERS; order-- > 1;)
 { ... }
 ...>
 }

// mutant: superpages are split to look through them
@@
expression order;
@@
 balloon_sweep_list(...)
 {
 <...
- for (order = NR_EXTENT_ORDERS; order-- > 0;)
+ for (order = SUPERPAGE_ORDER; order-- > 0;)
 { ... }
 ...>
 }

// mutant: the page list is turned round
@@
expression page, swept;
@@
 balloon_sweep(...)
 {
 <...
- list_add(page, swept)
+ list_add_tail(page, swept)
 ...>
 }

// mutant: the same repopulated pages are looked for again and again
@@
expression b;
@@
 balloon_release_repopulated(...)
 {
 <...
- WRITE_ONCE(b->resumed, false);
 ...>
 }

// mutant: repopulated pages are looked for all the time
@@
expression b;
@@
 balloon_release_repopulated(...)
 {
 <...
- if (!READ_ONCE(b->resumed))
-	return;
 ...>
 }

// mutant: the memory that a domain has beside its pages counts as repopulated pages
@@
expression b, E;
@@
 balloon_release_repopulated(...)
 {
 <...
- E - b->config.xen_excess
+ E
 ...>
 }

// mutant: PV frames count as repopulated pages
@@
@@
 balloon_resume_init(...)
 {
<...
- if (xen_pv_domain())
-	return;
 ...>
 }

// mutant: an error counts as a number of pages
@@
expression pages, E;
statement S;
@@
 balloon_resume_init(...)
 {
 <...
- if (pages >= 0 && E)
+ if (E)
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
 balloon_resumed(...)
 {
 <...
- balloon_wake(&xen_balloon);
 ...>
 }

// mutant: waiters for pages are not woken for those that were looked through
@@
expression b;
@@
 balloon_put_swept(...)
 {
 <...
- wake_up(&b->arrivals);
 ...>
 }

// mutant: an extent is freed whole though somebody holds a page of it
@@
expression nr, order;
@@
 balloon_free_larger(...)
 {
 <...
- nr == BIT(order)
+ nr > 1
 ...>
 }

// mutant: pages that were frozen stay so
@@
expression page;
@@
- page_ref_unfreeze(page, 1);
+ ;

// mutant: free movable memory counts as available
@@
expression zone;
@@
- zone_idx(zone) == ZONE_MOVABLE
+ 0

// mutant: the watermarks lag behind the end of a move
@@
expression moving, change, was;
@@
 balloon_update_watermarks(...)
 {
 <...
- (moving && change < was)
+ change < was
 ...>
 }

// mutant: the watermarks are computed for nothing
@@
expression change, E;
@@
 balloon_update_watermarks(...)
 {
 <...
- !change || E
+ E
 ...>
 }

// mutant: the watermarks do not follow on the way
@@
expression moving, change, was;
@@
 balloon_update_watermarks(...)
 {
 <...
- (moving && change < was)
+ moving
 ...>
 }

// mutant: a batch under reclaim has no end
@@
expression batch, start;
@@
 balloon_hold(...)
 {
 <...
- ktime_us_delta(ktime_get(), start) > BATCH_US
+ false
 ...>
 }

// mutant: a batch that was cut short is a shortage
@@
expression E;
@@
 balloon_act_inflate(...)
 {
 <...
- (E && !b->batch.cut_short)
+ E
 ...>
 }

// mutant: a driver's request is cut short
@@
expression gfp;
@@
- b->batch.bounded = gfp & __GFP_NORETRY;
+ b->batch.bounded = true;

// mutant: a crash kernel moves memory
@@
@@
 balloon_init_early(...)
 {
 <...
- is_kdump_kernel()
+ false
 ...>
 }

// mutant: the reserve fills in one batch, however long it takes
@@
expression batch;
@@
 balloon_fill_reserve(...)
 {
 <...
- ktime_us_delta(ktime_get(), batch->start) > BATCH_US
+ false
 ...>
 }

// mutant: inflation keeps no reserve
@@
expression batch, had, reserve, nr;
@@
- batch->tight = balloon_free_pages() + had < reserve + nr;
+ batch->tight = false;

// mutant: the reserve is filled although memory is free
@@
expression batch, had, reserve, nr;
@@
- batch->tight = balloon_free_pages() + had < reserve + nr;
+ batch->tight = true;

// mutant: the reserve is not free when the guest runs out of memory
@@
expression nr, b;
@@
- return nr + balloon_drop_reserve(b);
+ return nr;

// mutant: the reserve stays with the driver when inflation has no more
@@
expression plan, b;
@@
 plan->outcome = BALLOON_STATE_SHORT;
- balloon_drop_reserve(b);

// mutant: the reserve stays with the driver when the guest is to grow
@@
expression plan, view, E;
@@
- plan.action != BALLOON_ACTION_INFLATE || (E && !view.pressure)
+ false

// mutant: a page of the reserve that comes as the guest runs out of memory stays
@@
expression b;
identifier cancelled;
@@
- cancelled = b->mem.oom_cancelled;
+ cancelled = false;
 ... when any
 b->mem.nr_reserve

// mutant: a reserve that is not full yet is a shortage
@@
expression b;
@@
 balloon_act_inflate(...)
 {
 <...
- b->batch.filling
+ false
 ...>
 }

// mutant: what is in the reserve is not available
@@
identifier reserve;
@@
- balloon_available_pages() + reserve
+ balloon_available_pages()

// mutant: swap does not count
@@
@@
- balloon_swappable_pages()
+ 0

// mutant: a look swaps
@@
expression v, available;
@@
 balloon_plan_inflate(...)
 {
 <...
- if (v->only_look)
-	available = ...;
 ...>
 }

// mutant: new sections are paid for with swap
@@
expression v;
@@
 balloon_new_sections(...)
 {
 <...
- v->available
+ (v->available + v->swappable)
 ...>
 }

// mutant: any page is progress
@@
expression outcome;
@@
- (outcome == BALLOON_STATE_SHORT ? SUPERPAGE_PAGES : 1)
+ 1

// mutant: memory of the movable kind is free
@@
expression zone;
@@
- zone_page_state(zone, NR_FREE_CMA_PAGES)
+ 0

// mutant: memory that is kept from higher zones is free
@@
expression zone, E;
@@
- zone->lowmem_reserve[E]
+ 0

// mutant: all of the swap counts
@@
@@
- get_nr_swap_pages() - total_swap_pages / 2
+ get_nr_swap_pages()

// mutant: refaults count since boot
@@
expression b, count;
@@
- count - b->batch.refaults
+ count

// mutant: refaults of an old look count
@@
expression us, pages;
@@
- if (us > LONGEST_SAMPLE_US)
-	pages = 0;

// mutant: refaults are looked at too often
@@
expression us;
@@
- us >= SHORTEST_SAMPLE_US
+ us > 0

// mutant: a guest that reads again what was reclaimed is not spared
@@
expression a, b;
@@
- balloon_thrashes(a, b)
+ false

// mutant: a large guest under pressure goes a superpage a second
@@
expression v;
@@
- clamp(v->current_pages / 256, SUPERPAGE_PAGES, BATCH_PAGES)
+ SUPERPAGE_PAGES

// mutant: a worker that gave up always tries in full
@@
expression s;
@@
- s->state == BALLOON_STATE_STOPPED && (s->looks + 1) % BALLOON_LOOKS_PER_TRY
+ false

// mutant: a worker that gave up never tries in full again
@@
expression s;
@@
- s->state == BALLOON_STATE_STOPPED && (s->looks + 1) % BALLOON_LOOKS_PER_TRY
+ s->state == BALLOON_STATE_STOPPED

// mutant: a look adds sections
@@
expression v;
@@
- v->only_look || v->add_failure
+ v->add_failure

// mutant: at its target a guest is not looked at
@@
expression b, plan;
@@
- (b->batch.tight || plan->reason)
+ false

// mutant: a guest that has grown is still looked at
@@
expression b;
@@
- b->batch.tight = false;

// mutant: a new floor waits for the next try
@@
expression pages;
@@
 balloon_set_floor(...)
 {
 <...
- balloon_schedule_restart(...);
 ...>
 }

// mutant: a pass without work counts as progress after one that filled the reserve
@@
expression b;
@@
- b->batch.filling = false;
// -- News for programs in the guest -------------------------------------------

// mutant: poll() of the size never returns
@@
expression kobj;
@@
- sysfs_notify(kobj, "info", "current_kb");
+ (void)kobj;

// mutant: poll() of the state misses a target that one pass meets
@@
identifier info, news;
@@
- info.state != news->last.state || info.target_seq != news->last.target_seq
+ info.state != news->last.state

// mutant: poll() of the state returns for a new target alone
@@
identifier info, news;
@@
- info.state != news->last.state || info.target_seq != news->last.target_seq
+ info.target_seq != news->last.target_seq

// mutant: poll() of the size returns after each pass
@@
identifier info, news;
@@
- if (info.current_pages != news->last.current_pages)
  sysfs_notify(...);

// mutant: a move has no uevent
@@
@@
 balloon_announce(...)
 {
 <...
- kobject_uevent_env(...);
 ...>
 }

// mutant: each pass of a rest has a uevent
@@
identifier info, news;
@@
- news->announced = info.current_pages;

// mutant: a uevent comes before the sections that are there are filled
@@
@@
- !delayed_work_pending(&xen_balloon.work)
+ true

// mutant: each try of a guest that is short has a uevent
@@
expression state, tries;
@@
- state != BALLOON_STATE_SHORT || tries > TRIES_IN_VAIN
+ true

// mutant: a guest that never gives up has no uevent
@@
expression state, tries;
@@
- state != BALLOON_STATE_SHORT || tries > TRIES_IN_VAIN
+ state != BALLOON_STATE_SHORT

// mutant: the first size is news
@@
identifier news = balloon_news;
@@
- news.announced = news.last.current_pages;

// mutant: the largest size counts quarantined pages
@@
expression b;
@@
 balloon_largest(...)
 {
 <...
- b->mem.total_pages - b->mem.nr_quarantined
+ b->mem.total_pages
 ...>
 }

// mutant: the largest size does not know the p2m
@@
expression range;
@@
 balloon_hotplug_range(...)
 {
 <...
- if (xen_pv_domain())
-	range.end = ...;
 ...>
 }

// mutant: no line names the balloon when memory runs out
@@
expression b;
@@
- balloon_oom_report(b);

// mutant: the balloon is blamed although memory was found
@@
expression freed, b;
@@
- if (!*freed)
  balloon_oom_report(b);

// mutant: the balloon is blamed although it is empty
@@
expression pages, full, r;
@@
- pages < full && __ratelimit(r)
+ __ratelimit(r)

// mutant: each call for memory has a line
@@
expression pages, full, r;
@@
- pages < full && __ratelimit(r)
+ pages < full

// mutant: a refusal that cost frames is repeated
@@
expression b;
@@
- b->batch.pool_empty = true;

// mutant: growth goes on with an empty paging pool
@@
expression v;
@@
- if (v->pool_empty)
-	return ...;

// mutant: what a refusal cost is not accounted
@@
expression b, cost;
@@
 balloon_judge_refusal(...)
 {
 <...
- balloon_account_lost(b, cost);
 ...>
 }

// mutant: an empty paging pool is remembered over a release
@@
expression b;
@@
 balloon_release(...)
 {
 <...
- b->batch.pool_empty = false;
 ...>
 }

// mutant: an empty paging pool is remembered over a new target
@@
expression b;
@@
 balloon_pass(...)
 {
 <...
- b->batch.pool_empty = false;
 ...>
 }

// mutant: deflate_on_oom tries with an empty paging pool
@@
expression b, E;
@@
 balloon_oom_deflate(...)
 {
 <...
- E && !b->batch.pool_empty
+ E
 ...>
 }

// mutant: lost frames stay lost after a restore
@@
expression b, E;
@@
- balloon_forget_lost(b, E);

// mutant: deflate_on_oom does not tell of the hard limit
@@
expression done, b;
@@
 balloon_oom_deflate(...)
 {
 <...
- !done && b->batch.reason == BALLOON_REASON_HARD_LIMIT
+ false
 ...>
 }

// mutant: with a half gone superpage the other half is not returned
@@
expression to, n;
@@
 balloon_split_extent(...)
 {
 <...
- to = n / XEN_PFN_PER_PAGE;
+ to = SUPERPAGE_PAGES;
 ...>
 }

// mutant: a kernel that is about to hand over releases memory again
@@
expression b;
@@
- b->batch.leaving = true;

// mutant: any reboot takes all memory back
@@
@@
- !kexec_in_progress
+ false

// mutant: kexec populates pages that have memory since a migration
@@
expression b;
@@
 balloon_take_all_back(...)
 {
 <...
- balloon_release_repopulated(b);
 ...>
 }

// mutant: kexec waits for a slow Xen as long as it takes
@@
expression b, E;
@@
- balloon_deflate(b, BATCH_EXTENTS) && E
+ balloon_deflate(b, BATCH_EXTENTS)

// mutant: kexec does not try superpages that were refused before
@@
expression b;
@@
 balloon_take_all_back(...)
 {
 <...
- b->batch.max_order = SUPERPAGE_ORDER;
 ...>
 }

// mutant: a reserve that fills slowly counts as progress
@@
expression b, seq, plan, moved;
identifier delay_s;
@@
- if (b->batch.filling)
- 	delay_s = 0;
- else
- 	delay_s = balloon_finish_pass(b, seq, plan, moved);
+ delay_s = balloon_finish_pass(b, seq, plan, moved || b->batch.filling);

// mutant: a driver that needs pages cannot have the reserve
@@
expression b;
@@
- balloon_drop_reserve(b);
  if (balloon_available_pages() < nr_pages)
  	return -ENOMEM;

// -- Before a suspend ----------------------------------------------------------

// mutant: a target that has just been written is not read before a suspend
@@
expression work;
@@
- flush_work(work);

// mutant: the toolstack is not told before a suspend
@@
expression work;
@@
- flush_delayed_work(work);

// mutant: a shrink before a suspend takes as long as it takes
@@
expression b, E;
@@
 balloon_finish_shrinking(...)
 {
 <...
- balloon_is_shrinking(b) && E
+ balloon_is_shrinking(b)
 ...>
 }

// mutant: a guest that is short before a suspend does not wait for writeback
@@
expression delay_s;
identifier waited;
@@
- waited || delay_s > 1
+ true

// mutant: a guest that is short before a suspend waits more than once
@@
identifier waited;
@@
 balloon_finish_shrinking(...)
 {
 <...
- waited = true;
 ...>
 }

// mutant: a guest at its floor waits before a suspend
@@
expression delay_s;
identifier waited;
@@
- waited || delay_s > 1
+ waited

// mutant: a guest grows before a suspend
@@
@@
 balloon_is_shrinking(...)
 {
 <...
(
- b->mem.current_pages > b->mem.target_pages
+ b->mem.current_pages != b->mem.target_pages
)
 ...>
 }

// mutant: the initial domain shrinks before the host sleeps
@@
expression E;
@@
 balloon_prepare(...)
 {
 <...
- xen_initial_domain() || E
+ E
 ...>
 }

// mutant: a guest that sleeps by itself shrinks first
@@
expression E;
@@
- E || pm_suspend_target_state != PM_SUSPEND_ON
+ E

// mutant: an image is judged by any target
@@
@@
 balloon_restore_pages(...)
 {
 <...
- mem->asked_pages
+ mem->target_pages
 ...>
 }

// mutant: an image is as large as the guest counts
@@
expression image_pages, b;
@@
- return image_pages + b->config.difference;
+ return image_pages;

// mutant: pages that only Xen has are in an image
@@
@@
- mem->current_pages - mem->nr_lost +
+ mem->current_pages +
  mem->nr_quarantined

// mutant: quarantined pages are in no image
@@
@@
- mem->current_pages - mem->nr_lost + mem->nr_quarantined
+ mem->current_pages - mem->nr_lost

// mutant: a guest that is populated on demand has an image of all that it sees
@@
expression E;
@@
- mem->pod_boot || E
+ E

// mutant: an image may be larger than libxl permits
@@
expression excess;
@@
- excess > LIBXL_SLACK
+ excess > LIBXL_SLACK + 1

// mutant: an image gets no more than its target
@@
expression excess;
@@
- excess > LIBXL_SLACK
+ excess

// mutant: the initial domain has an image
@@
@@
 balloon_note_asked(...)
 {
 <...
- if (xen_initial_domain())
- 	return;
 ...>
 }
