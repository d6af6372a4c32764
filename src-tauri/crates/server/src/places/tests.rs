use super::*;

const SELF: &str = "127.0.0.1";

fn enter(places: &Places, address: &str) -> Option<Arc<Place>> {
    places.enter(address.parse().unwrap()).map(Arc::new)
}

fn many(places: &Places, address: &str, count: usize) -> Vec<Arc<Place>> {
    let enter = || enter(places, address).unwrap();
    std::iter::repeat_with(enter).take(count).collect()
}

fn displaced(of: &[Arc<Place>]) -> Vec<usize> {
    let numbered = of.iter().enumerate();
    numbered
        .filter(|(_, place)| place.seat.displaced.is_cancelled())
        .map(|(number, _)| number)
        .collect()
}

#[test]
fn an_address_that_shows_nothing_has_half_of_the_places() {
    let places = Places::new(8);
    let silent = many(&places, "192.0.2.1", 9);
    assert_eq!(displaced(&silent), [0, 1, 2, 3, 4], "the oldest gave way");
    let others = many(&places, "192.0.2.2", 4);
    assert!(displaced(&others).is_empty());
    assert_eq!(displaced(&silent).len(), 5, "there was room");
    // A whole network is one address.
    let near = many(&places, "2001:db8::1", 1);
    let next = many(&places, "2001:db8::2", 4);
    assert_eq!((displaced(&near), displaced(&next)), (vec![0], vec![]));
}

#[test]
fn whoever_has_shown_a_good_key_is_not_counted_with_the_rest() {
    let places = Places::new(8);
    let silent = many(&places, SELF, 4);
    let shown = enter(&places, SELF).unwrap();
    assert_eq!(displaced(&silent), [0]);
    let key = Uuid::from_u128(1);
    shown.prove(key);
    shown.prove(key);
    let more = many(&places, SELF, 100);
    assert_eq!(displaced(std::slice::from_ref(&shown)), [0; 0]);
    assert_eq!(displaced(&silent), [0, 1, 2, 3]);

    // It has half of them, too, and no more: what it has beyond gives way even in a request.
    let last = &more[96..];
    let requests: Vec<_> = last.iter().map(|place| place.request().unwrap()).collect();
    for place in last {
        place.prove(key);
    }
    let ending: Vec<_> = requests.iter().map(InRequest::is_last).collect();
    assert_eq!(ending, [false, false, false, true]);
    let others = many(&places, SELF, 4);
    assert_eq!((displaced(last), displaced(&others)), (vec![3], vec![]));
    assert!(last[3].request().is_none(), "it has no place");
}

#[test]
fn those_that_make_requests_do_not_give_way_and_the_longest_idle_does() {
    let places = Places::new(4);
    let at_work = many(&places, SELF, 2);
    let requests: Vec<_> = at_work
        .iter()
        .map(|place| place.request().unwrap())
        .collect();
    assert!(enter(&places, SELF).is_none(), "nobody can give way");
    let other = enter(&places, "192.0.2.1").unwrap();
    drop(requests);
    let again = at_work[0].request().unwrap();
    let new = enter(&places, SELF).unwrap();
    assert_eq!(displaced(&at_work), [1]);
    drop((other, new));
    assert_eq!(places.room().taken.len(), 1);
    drop(at_work);
    drop(again);
    let room = places.room();
    assert!(room.taken.is_empty() && room.held.is_empty());
}

#[test]
fn in_a_full_room_the_unknown_give_way_before_the_known() {
    let places = Places::new(4);
    let known = many(&places, "192.0.2.1", 2);
    for (place, who) in known.iter().zip(1..) {
        place.connected().belongs_to(Uuid::from_u128(who));
    }
    let unknown = many(&places, "192.0.2.2", 2);
    let third = enter(&places, "192.0.2.3").unwrap();
    assert_eq!((displaced(&known), displaced(&unknown)), (vec![], vec![0]));
    let _busy = [&unknown[1], &third].map(|place| place.request().unwrap());
    let _fourth = enter(&places, "192.0.2.4").unwrap();
    assert_eq!(displaced(&known), [0], "and then they do");
}
