async def test_app(client_of, world):
    c = await client_of(world.here.volunteer)
    r = await c.get(f"/api/neighbourhoods/{world.here.id}/tickets")
    print(r.status_code, r.text)
    assert r.status_code == 200
