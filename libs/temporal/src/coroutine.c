/* Stacks, their pool, and the switch between them. ucontext does the switching: it is portable and keeps shadow
 * stacks right; its two signal-mask calls per switch cost less than a microsecond (docs/adr/0009). */
#include "coroutine.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/check.h"
#include "base/list.h"
#include "base/memory.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COROUTINE_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define COROUTINE_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(COROUTINE_ASAN)
#define COROUTINE_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(COROUTINE_TSAN)
#define COROUTINE_TSAN 1
#endif
#ifdef COROUTINE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef COROUTINE_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#define GUARD_BYTES ((size_t)64 * 1024)
#define LABEL_SIZE 128
#define SIGNAL_STACK_BYTES ((size_t)64 * 1024) /* of the overflow handler */
/* What an idle stack in the pool may keep resident at its top. */
#define IDLE_RESIDENT_BYTES ((size_t)32 * 1024)

/* A mapping: guard pages, then the stack. The head lies outside the mapping, so that an overflow cannot reach it. */
struct stack {
    struct list link;
    char *mapping;
    size_t size; /* without the guard */
};

struct coroutine_pool {
    pthread_mutex_t lock; /* guards the two members below */
    struct list idle;     /* of struct stack, default size */
    size_t idle_count;
    size_t idle_maximum;
};

struct coroutine {
    struct coroutine_pool *pool;
    struct stack *stack;
    coroutine_fn *function;
    void *context;
    ucontext_t inside;
    ucontext_t outside;
    bool has_started;
    bool has_returned;
    bool is_running;
    char label[LABEL_SIZE];
#ifdef COROUTINE_ASAN
    void *fake_stack_inside;
    void *fake_stack_outside;
    const void *outside_bottom;
    size_t outside_size;
#endif
#ifdef COROUTINE_TSAN
    void *fiber;
    void *outside_fiber;
#endif
};

/* The coroutine this thread is inside of, for the overflow handler only. */
static _Thread_local struct coroutine *volatile s_inside;

static size_t page_size(void)
{
    static size_t s_page_size;
    size_t size = __atomic_load_n(&s_page_size, __ATOMIC_RELAXED);
    if (size == 0) {
        size = (size_t)sysconf(_SC_PAGESIZE);
        __atomic_store_n(&s_page_size, size, __ATOMIC_RELAXED);
    }
    return size;
}

/* ---- stacks ---- */

static char *stack_bottom(const struct stack *stack)
{
    return stack->mapping + GUARD_BYTES;
}

static struct stack *stack_map(size_t size)
{
    char *mapping = mmap(NULL, GUARD_BYTES + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) {
        return NULL;
    }
    if (mprotect(mapping + GUARD_BYTES, size, PROT_READ | PROT_WRITE) != 0) {
        (void)munmap(mapping, GUARD_BYTES + size);
        return NULL;
    }
    struct stack *stack = memory_alloc(sizeof *stack);
    list_init(&stack->link);
    stack->mapping = mapping;
    stack->size = size;
    return stack;
}

static void stack_unmap(struct stack *stack)
{
    (void)munmap(stack->mapping, GUARD_BYTES + stack->size);
    free(stack);
}

struct coroutine_pool *coroutine_pool_new(size_t idle_maximum)
{
    struct coroutine_pool *pool = memory_alloc(sizeof *pool);
    CHECK(pthread_mutex_init(&pool->lock, NULL) == 0);
    list_init(&pool->idle);
    pool->idle_maximum = idle_maximum;
    return pool;
}

void coroutine_pool_destroy(struct coroutine_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    struct list *node;
    while ((node = list_take_first(&pool->idle)) != NULL) {
        stack_unmap(LIST_ITEM(node, struct stack, link));
    }
    CHECK(pthread_mutex_destroy(&pool->lock) == 0);
    free(pool);
}

static struct stack *pool_take(struct coroutine_pool *pool, size_t size)
{
    struct stack *stack = NULL;
    if (size == COROUTINE_STACK_DEFAULT) {
        CHECK(pthread_mutex_lock(&pool->lock) == 0);
        struct list *node = list_take_first(&pool->idle);
        if (node != NULL) {
            pool->idle_count--;
            stack = LIST_ITEM(node, struct stack, link);
        }
        CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    }
    return stack != NULL ? stack : stack_map(size);
}

static void pool_give(struct coroutine_pool *pool, struct stack *stack)
{
#ifdef COROUTINE_ASAN
    /* A suspended stack that is dropped leaves its frames' red zones behind. */
    ASAN_UNPOISON_MEMORY_REGION(stack_bottom(stack), stack->size);
#endif
    bool is_kept = false;
    if (stack->size == COROUTINE_STACK_DEFAULT) {
        (void)madvise(stack_bottom(stack), stack->size - IDLE_RESIDENT_BYTES, MADV_DONTNEED);
        CHECK(pthread_mutex_lock(&pool->lock) == 0);
        if (pool->idle_count < pool->idle_maximum) {
            list_prepend(&pool->idle, &stack->link);
            pool->idle_count++;
            is_kept = true;
        }
        CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    }
    if (!is_kept) {
        stack_unmap(stack);
    }
}

/* ---- the switch ---- */

#ifdef COROUTINE_ASAN
static void announce_entry(struct coroutine *coroutine)
{
    __sanitizer_start_switch_fiber(&coroutine->fake_stack_outside, stack_bottom(coroutine->stack),
                                   coroutine->stack->size);
}
static void confirm_entry(struct coroutine *coroutine)
{
    __sanitizer_finish_switch_fiber(coroutine->fake_stack_inside, &coroutine->outside_bottom,
                                    &coroutine->outside_size);
}
static void announce_exit(struct coroutine *coroutine)
{
    __sanitizer_start_switch_fiber(coroutine->has_returned ? NULL : &coroutine->fake_stack_inside,
                                   coroutine->outside_bottom, coroutine->outside_size);
}
static void confirm_exit(struct coroutine *coroutine)
{
    __sanitizer_finish_switch_fiber(coroutine->fake_stack_outside, NULL, NULL);
}
#elif defined(COROUTINE_TSAN)
static void announce_entry(struct coroutine *coroutine)
{
    coroutine->outside_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(coroutine->fiber, 0);
}
static void confirm_entry(struct coroutine *coroutine)
{
    (void)coroutine;
}
static void announce_exit(struct coroutine *coroutine)
{
    __tsan_switch_to_fiber(coroutine->outside_fiber, 0);
}
static void confirm_exit(struct coroutine *coroutine)
{
    (void)coroutine;
}
#else
static void announce_entry(struct coroutine *coroutine)
{
    (void)coroutine;
}
static void confirm_entry(struct coroutine *coroutine)
{
    (void)coroutine;
}
static void announce_exit(struct coroutine *coroutine)
{
    (void)coroutine;
}
static void confirm_exit(struct coroutine *coroutine)
{
    (void)coroutine;
}
#endif

/* makecontext() passes ints only: the pointer comes in two halves. */
static void entry(unsigned high, unsigned low)
{
    struct coroutine *coroutine = (struct coroutine *)(((uintptr_t)high << 32) | (uintptr_t)low);
    confirm_entry(coroutine);
    coroutine->function(coroutine, coroutine->context);
    coroutine->has_returned = true;
    announce_exit(coroutine);
    CHECK(setcontext(&coroutine->outside) == 0);
    CHECK(false); /* a finished coroutine was resumed */
}

struct coroutine *coroutine_new(struct coroutine_pool *pool, size_t stack_bytes, const char *label,
                                coroutine_fn *function, void *context)
{
    size_t size = stack_bytes == 0 ? COROUTINE_STACK_DEFAULT : stack_bytes;
    size = size < COROUTINE_STACK_MINIMUM ? COROUTINE_STACK_MINIMUM : size;
    CHECK(size <= SIZE_MAX / 2);
    size = (size + page_size() - 1) / page_size() * page_size();
    struct stack *stack = pool_take(pool, size);
    if (stack == NULL) {
        return NULL;
    }
    struct coroutine *coroutine = memory_alloc(sizeof *coroutine);
    coroutine->pool = pool;
    coroutine->stack = stack;
    coroutine->function = function;
    coroutine->context = context;
    memcpy(coroutine->label, label, strnlen(label, sizeof coroutine->label - 1));
#ifdef COROUTINE_TSAN
    coroutine->fiber = __tsan_create_fiber(0);
#endif
    return coroutine;
}

void coroutine_destroy(struct coroutine *coroutine)
{
    if (coroutine == NULL) {
        return;
    }
    CHECK(!coroutine->is_running);
#ifdef COROUTINE_TSAN
    __tsan_destroy_fiber(coroutine->fiber);
#endif
    pool_give(coroutine->pool, coroutine->stack);
    free(coroutine);
}

bool coroutine_resume(struct coroutine *coroutine)
{
    CHECK(!coroutine->is_running);
    if (coroutine->has_returned) {
        return false;
    }
    if (!coroutine->has_started) {
        CHECK(getcontext(&coroutine->inside) == 0);
        coroutine->inside.uc_stack.ss_sp = stack_bottom(coroutine->stack);
        coroutine->inside.uc_stack.ss_size = coroutine->stack->size;
        coroutine->inside.uc_link = NULL;
        uintptr_t pointer = (uintptr_t)coroutine;
        makecontext(&coroutine->inside, (void (*)(void))entry, 2, (unsigned)(pointer >> 32),
                    (unsigned)(pointer & UINT32_MAX));
        coroutine->has_started = true;
    }
    struct coroutine *outer = s_inside;
    s_inside = coroutine;
    coroutine->is_running = true;
    announce_entry(coroutine);
    CHECK(swapcontext(&coroutine->outside, &coroutine->inside) == 0);
    confirm_exit(coroutine);
    coroutine->is_running = false;
    s_inside = outer;
    return !coroutine->has_returned;
}

void coroutine_suspend(struct coroutine *coroutine)
{
    CHECK(coroutine->is_running);
    announce_exit(coroutine);
    CHECK(swapcontext(&coroutine->inside, &coroutine->outside) == 0);
    confirm_entry(coroutine);
}

bool coroutine_has_returned(const struct coroutine *coroutine)
{
    return coroutine->has_returned;
}

size_t coroutine_stack_used(const struct coroutine *coroutine)
{
    enum { PAGES_AT_ONCE = 256 };
    unsigned char residency[PAGES_AT_ONCE];
    size_t page = page_size();
    size_t size = coroutine->stack->size;
    for (size_t offset = 0; offset < size; offset += PAGES_AT_ONCE * page) {
        size_t length = size - offset < PAGES_AT_ONCE * page ? size - offset : PAGES_AT_ONCE * page;
        if (mincore(stack_bottom(coroutine->stack) + offset, length, residency) != 0) {
            return size;
        }
        for (size_t i = 0; i < length / page; i++) {
            if ((residency[i] & 1) != 0) {
                return size - offset - i * page;
            }
        }
    }
    return 0;
}

size_t coroutine_stack_size(const struct coroutine *coroutine)
{
    return coroutine->stack->size;
}

size_t coroutine_overhead(void)
{
    return sizeof(struct coroutine) + sizeof(struct stack);
}

/* ---- overflow ---- */

static void say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    const struct coroutine *coroutine = s_inside;
    if (coroutine != NULL) {
        uintptr_t address = (uintptr_t)info->si_addr;
        uintptr_t guard = (uintptr_t)coroutine->stack->mapping;
        if (address >= guard && address - guard < GUARD_BYTES) {
            say("stack overflow in ");
            say(coroutine->label);
            say(": give its workflow definition more stack_bytes\n");
        }
    }
    /* Back to the default: the same access faults again and ends the process. */
    struct sigaction action = {.sa_handler = SIG_DFL};
    (void)sigaction(number, &action, NULL);
}

/* What a watched thread had before, and its signal stack behind it. */
struct signal_stack {
    stack_t previous;
    char bytes[SIGNAL_STACK_BYTES];
};

static pthread_key_t s_signal_stack_key;
static pthread_once_t s_signal_stack_once = PTHREAD_ONCE_INIT;

/* At the thread's end. Sanitizers have a signal stack of their own there, and take it back after us. */
static void leave_signal_stack(void *argument)
{
    struct signal_stack *stack = argument;
    CHECK(sigaltstack(&stack->previous, NULL) == 0);
    free(stack);
}

static void make_signal_stack_key(void)
{
    CHECK(pthread_key_create(&s_signal_stack_key, leave_signal_stack) == 0);
}

void coroutine_watch_thread(void)
{
    CHECK(pthread_once(&s_signal_stack_once, make_signal_stack_key) == 0);
    if (pthread_getspecific(s_signal_stack_key)) {
        return;
    }
    struct signal_stack *stack = memory_alloc(sizeof *stack);
    const stack_t alternate = {.ss_sp = stack->bytes, .ss_size = sizeof stack->bytes};
    CHECK(sigaltstack(&alternate, &stack->previous) == 0);
    CHECK(pthread_setspecific(s_signal_stack_key, stack) == 0);
}

void coroutine_watch_overflow(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    coroutine_watch_thread();
}
