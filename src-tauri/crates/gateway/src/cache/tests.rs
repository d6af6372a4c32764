use futures_util::FutureExt as _;
use gardien_domain::phare_key::Need;
use gardien_domain::product::{Access, Product};
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use uuid::Uuid;

use super::writing::DOUBT_MS;
use super::*;
use crate::keeping::LARGEST;

const WALL: Timestamp = Timestamp::UNIX_EPOCH;

fn clock() -> Clock {
    Clock::start(Arc::new(|| WALL))
}

fn key(number: u128) -> KeyId {
    KeyId(Uuid::from_u128(number))
}

fn question(project: Option<i64>) -> Question {
    Question::test(key(1), project, "/uptime/monitors")
}

/// One that keeps answers for ten seconds.
fn cache() -> Arc<Cache> {
    let cache = Arc::new(Cache::default());
    cache.keep_for(10);
    cache
}

fn look(cache: &Arc<Cache>, question: &Question, now: u64) -> Found {
    cache.ask(question, cache.changes(), now, WALL)
}

fn asked(cache: &Arc<Cache>, question: &Question, now: u64) -> Keeping {
    match look(cache, question, now) {
        Found::Nothing(Some(keeping)) => keeping,
        found => panic!("{found:?}"),
    }
}

fn answer(bytes: usize) -> Response<Body> {
    Response::new(Body::whole(vec![b'x'; bytes]))
}

/// Lets the whole answer pass.
fn passes(keeping: Keeping, answer: Response<Body>, at: u64) {
    let answer = keeping.keep(answer, at).into_body().collect();
    answer.now_or_never().unwrap().unwrap();
}

fn is_kept(cache: &Arc<Cache>, question: &Question, now: u64) -> bool {
    matches!(look(cache, question, now), Found::Kept(_))
}

fn write(project: Option<i64>, product: Product) -> Need {
    Need {
        project: project.map(ProjectId),
        product,
        access: Access::Write,
        manages_projects: false,
    }
}

#[test]
fn an_answer_is_kept_for_its_time_and_says_how_old_it_is() {
    let cache = cache();
    let mut first = answer(3);
    let headers = [(CONTENT_TYPE, "text/plain"), (AGE, "40")];
    for (name, value) in headers {
        first.headers_mut().insert(name, value.parse().unwrap());
    }
    passes(asked(&cache, &question(None), 5_000), first, 5_200);
    let Found::Kept(kept) = look(&cache, &question(None), 15_199) else {
        panic!("it is gone");
    };
    assert_eq!(kept.headers()[AGE], "49");
    assert_eq!(kept.headers()[CONTENT_TYPE], "text/plain");
    let body = kept.into_body().collect().now_or_never().unwrap();
    assert_eq!(body.unwrap().to_bytes(), "xxx");
    assert!(!is_kept(&cache, &question(None), 15_200));
    assert_eq!(cache.saved(WALL), 1);
}

#[test]
fn an_answer_that_was_asked_for_after_a_look_at_the_clock_is_fresh() {
    let cache = cache();
    passes(asked(&cache, &question(None), 5_000), answer(3), 5_001);
    assert!(is_kept(&cache, &question(None), 5_000));
}

#[test]
fn off_nothing_is_kept_and_turned_off_nothing_is_left() {
    let cache = cache();
    passes(asked(&cache, &question(None), 0), answer(3), 0);
    let coming = asked(&cache, &question(Some(1)), 0);
    cache.keep_for(10);
    assert!(is_kept(&cache, &question(None), 0), "nothing was changed");
    cache.keep_for(0);
    assert!(matches!(
        look(&cache, &question(None), 0),
        Found::Nothing(None)
    ));
    cache.keep_for(10);
    passes(coming, answer(3), 0);
    assert!(!is_kept(&cache, &question(None), 0));
    assert!(!is_kept(&cache, &question(Some(1)), 0));
}

#[test]
fn a_write_takes_away_what_it_may_make_old_when_it_goes_out_and_when_it_ends() {
    let (clock, questions) = (clock(), [None, Some(1), Some(2)].map(question));
    for (need, stays) in [
        (write(Some(1), Product::Uptime), [false, false, true]),
        (write(Some(1), Product::Platform), [false; 3]),
        (write(None, Product::Uptime), [false; 3]),
    ] {
        let cache = cache();
        for question in &questions {
            passes(asked(&cache, question, 0), answer(3), 0);
        }
        let writing = cache.write(&need, &clock);
        let kept = questions
            .each_ref()
            .map(|question| is_kept(&cache, question, 0));
        assert_eq!(kept, stays, "{need:?}");
        // What is asked meanwhile may be of before.
        for question in &questions {
            if let Found::Nothing(Some(keeping)) = look(&cache, question, 0) {
                passes(keeping, answer(3), 0);
            }
        }
        assert!(
            questions
                .iter()
                .all(|question| is_kept(&cache, question, 0))
        );
        writing.answered();
        let kept = questions
            .each_ref()
            .map(|question| is_kept(&cache, question, 0));
        assert_eq!(kept, stays, "{need:?}");
    }
}

#[test]
fn a_write_that_was_given_up_may_still_be_made_for_a_while() {
    let (cache, clock) = (cache(), clock());
    let begun = clock.now();
    drop(cache.write(&write(Some(1), Product::Uptime), &clock));
    for now in [begun, begun + DOUBT_MS - 1] {
        let kept = [None, Some(1), Some(2)].map(|project| {
            let found = look(&cache, &question(project), now);
            matches!(found, Found::Nothing(Some(_)))
        });
        assert_eq!(kept, [false, false, true]);
    }
    let later = clock.now() + DOUBT_MS;
    passes(asked(&cache, &question(Some(1)), later), answer(3), later);
    assert!(is_kept(&cache, &question(Some(1)), later));
}

#[test]
fn what_was_under_way_when_something_was_taken_away_is_not_kept() {
    let takes_away: [fn(&Cache); 4] = [
        |cache| {
            let need = write(Some(1), Product::Uptime);
            cache.write(&need, &clock()).answered();
        },
        |cache| cache.forget(key(1)),
        Cache::clear,
        |cache| cache.keep_for(20),
    ];
    for take_away in takes_away {
        let cache = cache();
        let keeping = asked(&cache, &question(Some(1)), 0);
        let passing = keeping.keep(answer(3), 0);
        take_away(&cache);
        let again = asked(&cache, &question(Some(1)), 0);
        // The late one neither is kept nor takes the place of the one that was asked since.
        passing.into_body().collect().now_or_never().unwrap().ok();
        assert!(matches!(
            look(&cache, &question(Some(1)), 0),
            Found::Coming(_)
        ));
        passes(again, answer(3), 0);
        assert!(is_kept(&cache, &question(Some(1)), 0));
    }
}

#[test]
fn what_was_decided_before_something_was_taken_away_is_not_kept() {
    let cache = cache();
    let before = cache.changes();
    cache.clear();
    let found = cache.ask(&question(None), before, 0, WALL);
    assert!(matches!(found, Found::Nothing(None)));
}

#[test]
fn what_a_key_was_answered_goes_with_it_and_nothing_else_does() {
    let cache = cache();
    let other = Question::test(key(2), None, "/uptime/monitors");
    for question in [&question(None), &other] {
        passes(asked(&cache, question, 0), answer(3), 0);
    }
    cache.forget(key(1));
    assert!(!is_kept(&cache, &question(None), 0));
    assert!(is_kept(&cache, &other, 0));
}

#[test]
fn whoever_asks_the_same_meanwhile_waits_for_the_end_whatever_it_is() {
    let ends: [fn(&Arc<Cache>, Keeping); 4] = [
        |_, keeping| passes(keeping, answer(3), 0),
        |_, keeping| drop(keeping),
        |_, keeping| drop(keeping.keep(answer(3), 0)),
        |cache, _keeping| cache.clear(),
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let cache = cache();
        let keeping = asked(&cache, &question(None), 0);
        let Found::Coming(coming) = look(&cache, &question(None), 0) else {
            panic!("two are asked");
        };
        let mut over = std::pin::pin!(coming.over());
        assert!(over.as_mut().now_or_never().is_none());
        end(&cache, keeping);
        assert!(over.now_or_never().is_some(), "{number}");
        assert_eq!(is_kept(&cache, &question(None), 0), number == 0);
    }
}

#[test]
fn there_is_room_for_so_much_and_no_more_until_it_is_too_old() {
    let cache = cache();
    let too_long = asked(&cache, &question(None), 0);
    passes(too_long, answer(LARGEST + 1), 0);
    assert!(!is_kept(&cache, &question(None), 0));

    let many: Vec<_> = (0..100)
        .map(|number| Question::test(key(number), None, "/"))
        .collect();
    for question in &many {
        if let Found::Nothing(Some(keeping)) = look(&cache, question, 0) {
            passes(keeping, answer(LARGEST), 0);
        }
    }
    let kept = many.iter().filter(|question| is_kept(&cache, question, 0));
    let kept = kept.count();
    assert!((60..ROOM / LARGEST).contains(&kept), "{kept}");
    for question in &many {
        passes(asked(&cache, question, 20_000), answer(3), 20_000);
    }
    cache.clear();
    assert_eq!(cache.room.available_permits(), ROOM);
}
